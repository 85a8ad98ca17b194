package mdbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func TestSaveAndFetch(t *testing.T) {
	for _, version := range []int{2, 3} {
		onEngines(t, func(t *testing.T, fsys *fsapi.FS) {
			x := newStore(t, Options{FS: fsys, Version: version})
			b := x.box("inbox")
			require.Equal(t, []uint32{1, 2}, save(t, b, mailstore.SaveOptions{Flags: mailstore.Seen, Keywords: []string{"k"}}, "a: b\r\n\r\nc\r\n", "2"))
			require.Equal(t, []uint32{7}, save(t, b, mailstore.SaveOptions{UID: 7}, "3"))
			require.Equal(t, []string{`1 "a: b\n\nc\n" \Seen [k]`, `2 "2" \Seen [k]`, `7 "3"`}, contents(t, b))
			require.NoError(t, b.SetFlags(ctx, []uint32{1, 3}, mailstore.FlagChange{Replace: true, Add: mailstore.Draft}))
			require.NoError(t, b.Expunge(ctx, []uint32{2, 5}))
			require.Equal(t, []string{`1 "a: b\n\nc\n" \Draft`, `7 "3"`}, contents(t, b))
			status, err := b.Status(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 8, status.UIDNext)
			require.NotZero(t, status.GUID)
		})
	}
}

func TestCopyMovePurge(t *testing.T) {
	onEngines(t, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, Options{FS: fsys, Alt: t.TempDir()})
		in, to := x.box("INBOX"), x.create("a/b")
		save(t, in, mailstore.SaveOptions{Keywords: []string{"k"}}, "1", "2", "3")
		uids, err := in.Copy(ctx, []uint32{1, 3, 9, 1}, to)
		require.NoError(t, err)
		require.Equal(t, []uint32{1, 2, 3}, uids)
		uids, err = in.Move(ctx, []uint32{2}, to)
		require.NoError(t, err)
		require.Equal(t, []uint32{4}, uids)
		require.NoError(t, to.Expunge(ctx, []uint32{1, 3}))
		require.NoError(t, in.Expunge(ctx, []uint32{3}))
		require.NoError(t, to.Expunge(ctx, []uint32{2}))
		report, err := x.Purge(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, report.Messages)
		require.Equal(t, []string{`1 "1" [k]`}, contents(t, in))
		require.Equal(t, []string{`4 "2" [k]`}, contents(t, to))
		require.NoError(t, to.AltMove(ctx, []uint32{4}, false))
		require.Equal(t, []string{`4 "2" [k] alt`}, contents(t, to))
		require.Equal(t, []string{`1 "1" [k]`}, contents(t, in))
		require.NoError(t, to.AltMove(ctx, []uint32{4}, true))
		require.Equal(t, []string{`4 "2" [k]`}, contents(t, to))
		require.NoError(t, x.Delete(ctx, "a/b"))
		report, err = x.Purge(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, report.Messages)
	})
}
