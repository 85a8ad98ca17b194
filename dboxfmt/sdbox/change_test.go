package sdbox

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func TestSetFlags(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{Flags: mailstore.Flagged, Keywords: []string{"old"}}, "1", "2", "3")
	change := func(c mailstore.FlagChange, uids ...uint32) {
		require.NoError(t, m.SetFlags(x.ctx, uids, c))
	}
	change(mailstore.FlagChange{Add: mailstore.Seen, AddKeywords: []string{"new"}}, 3, 1, 7)
	change(mailstore.FlagChange{Remove: mailstore.Flagged, RemoveKeywords: []string{"OLD", "never"}}, 1)
	change(mailstore.FlagChange{Replace: true, Add: mailstore.Draft | 0x40, AddKeywords: []string{"only"}}, 2)
	require.Equal(t, []string{
		`1 "1" \Seen [new]`, `2 "2" \Draft [only]`, `3 "3" \Flagged \Seen [old new]`,
	}, contents(t, m))
	change(mailstore.FlagChange{Replace: true}, 1, 2, 3)
	require.Equal(t, []string{`1 "1"`, `2 "2"`, `3 "3"`}, contents(t, m))
	require.ErrorIs(t, m.SetFlags(x.ctx, nil, mailstore.FlagChange{AddKeywords: []string{""}}), mailstore.ErrKeyword)
}

func TestExpunge(t *testing.T) {
	onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		m := x.open("INBOX")
		save(t, m, mailstore.SaveOptions{}, "1", "2", "3", "4")
		require.NoError(t, m.AltMove(x.ctx, []uint32{3}, false))
		require.NoError(t, m.Expunge(x.ctx, []uint32{3, 1, 9}))
		require.NoError(t, m.Expunge(x.ctx, []uint32{1}))
		require.Equal(t, []string{`2 "2"`, `4 "4"`}, contents(t, m))
		require.Equal(t, []uint32{5}, save(t, m, mailstore.SaveOptions{}, "5"))
		require.NoFileExists(t, m.(*mailbox).box.file(1, false))
		require.NoFileExists(t, m.(*mailbox).box.file(3, true))
	})
}

func TestCopyAndMove(t *testing.T) {
	onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		m, to := x.open("INBOX"), x.create("to")
		save(t, m, mailstore.SaveOptions{Flags: mailstore.Seen, Keywords: []string{"k"}, GUID: "g"}, "1", "2")
		require.NoError(t, m.AltMove(x.ctx, []uint32{2}, false))
		uids, err := m.Copy(x.ctx, []uint32{2, 7, 1, 1}, to)
		require.NoError(t, err)
		require.Equal(t, []uint32{1, 2, 3}, uids)
		require.Equal(t, []string{`1 "2" \Seen [k]`, `2 "1" \Seen [k]`, `3 "1" \Seen [k]`}, contents(t, to))
		a, err := os.Stat(m.(*mailbox).box.file(1, false))
		require.NoError(t, err)
		b, err := os.Stat(to.(*mailbox).box.file(2, false))
		require.NoError(t, err)
		require.True(t, os.SameFile(a, b), "a copy is a second name")

		uids, err = m.Move(x.ctx, []uint32{1}, to)
		require.NoError(t, err)
		require.Equal(t, []uint32{4}, uids)
		require.Equal(t, []string{`2 "2" \Seen [k] alt`}, contents(t, m))

		other := newStore(t, fsys, nil)
		uids, err = to.Copy(x.ctx, []uint32{4, 1}, other.open("INBOX"))
		require.NoError(t, err)
		require.Equal(t, []uint32{1, 2}, uids)
		require.Equal(t, []string{`1 "1" \Seen [k]`, `2 "2" \Seen [k]`}, contents(t, other.open("INBOX")))
		for mail, err := range other.open("INBOX").Fetch(x.ctx, nil, mailstore.FetchOptions{}) {
			require.NoError(t, err)
			require.Equal(t, "g", mail.GUID)
		}
		require.Empty(t, temporary(t, x))
	})
}

func TestAltMove(t *testing.T) {
	onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		m := x.open("INBOX")
		save(t, m, mailstore.SaveOptions{}, "1", "2", "3")
		b := m.(*mailbox).box
		require.NoError(t, m.AltMove(x.ctx, []uint32{1, 2, 8}, false))
		require.NoError(t, m.AltMove(x.ctx, []uint32{1}, false))
		require.Equal(t, []string{`1 "1" alt`, `2 "2" alt`, `3 "3"`}, contents(t, m))
		require.NoFileExists(t, b.file(1, false))
		require.NoError(t, m.AltMove(x.ctx, []uint32{2, 3}, true))
		require.Equal(t, []string{`1 "1" alt`, `2 "2"`, `3 "3"`}, contents(t, m))
		require.NoFileExists(t, b.file(2, true))

		// The index need not know where a file is.
		require.NoError(t, os.Rename(b.file(1, true), b.file(1, false)))
		require.NoError(t, os.Rename(b.file(2, false), b.file(2, true)))
		require.Equal(t, []string{`1 "1" alt`, `2 "2"`, `3 "3"`}, contents(t, m))
		require.NoError(t, m.AltMove(x.ctx, []uint32{1}, true))
		require.NoError(t, m.AltMove(x.ctx, []uint32{2}, false))
		require.Equal(t, []string{`1 "1"`, `2 "2" alt`, `3 "3"`}, contents(t, m))
	})
}

func TestFetchOfMissingFile(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1", "2", "3")
	file := m.(*mailbox).box.file(2, false)
	saved, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	var seen []uint32
	for mail, err := range m.Fetch(x.ctx, nil, mailstore.FetchOptions{}) {
		seen = append(seen, mail.UID)
		if mail.UID == 2 {
			require.ErrorIs(t, err, mailstore.ErrCorrupt)
			require.ErrorIs(t, err, os.ErrNotExist)
		} else {
			require.NoError(t, err)
		}
	}
	require.Equal(t, []uint32{1, 2, 3}, seen)
	require.NoError(t, os.WriteFile(file, saved, 0o600))
}

func TestWait(t *testing.T) {
	onEngines(t, fsapi.SyncNever, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		m := x.open("INBOX")
		other := openStore(t, x.opts).open("INBOX")
		_, err := m.Status(x.ctx)
		require.NoError(t, err)
		for _, from := range []mailstore.Mailbox{m, other} {
			woken := make(chan error, 1)
			go func() { woken <- m.Wait(x.ctx) }()
			save(t, from, mailstore.SaveOptions{}, "x")
			require.NoError(t, <-woken)
			require.NoError(t, m.Wait(x.ctx), "it has not looked since")
			_, err = m.Status(x.ctx)
			require.NoError(t, err)
		}
		ctx, cancel := context.WithCancel(x.ctx)
		cancel()
		require.ErrorIs(t, m.Wait(ctx), context.Canceled)
	})
}
