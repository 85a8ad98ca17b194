package files

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

func newFS(t *testing.T) *fsapi.FS {
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fs.Close()) })
	return fs
}

func TestParse(t *testing.T) {
	for name, want := range map[string]struct {
		kind   Kind
		number uint64
	}{
		"m.1":            {Multi, 1},
		"a/b/u.42":       {Single, 42},
		"u.4294967295":   {Single, 1<<32 - 1},
		"u.4294967296":   {Other, 0},
		"m.":             {Other, 0},
		"m.1x":           {Other, 0},
		"m.-1":           {Other, 0},
		"xm.1":           {Other, 0},
		"m.1.broken":     {Broken, 0},
		"m.1.broken.7":   {Broken, 0},
		".temp.17.P1Q1M": {Temporary, 0},
		"dovecot.index":  {Other, 0},
	} {
		kind, number := Parse(name)
		require.Equal(t, want.kind, kind, name)
		require.Equal(t, want.number, number, name)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"storage/m.10", "storage/m.2", "storage/m.2.broken", "storage/.temp.1.P2Q3M4.host", "storage/dovecot.map.index.log",
		"mailboxes/INBOX/dbox-Mails/u.1", "subscriptions",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "storage/m.7"), 0o700)) // no file
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "dbox-alt-root")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "subscriptions"), filepath.Join(dir, "link")))
	found, err := Find(t.Context(), newFS(t), dir)
	require.NoError(t, err)
	var got []string
	for _, f := range found {
		note := ""
		if f.Note != "" {
			note = " skipped"
		} else {
			require.EqualValues(t, 5, f.Size)
		}
		require.Equal(t, filepath.Join(dir, f.Rel), f.Path)
		got = append(got, f.Rel+note)
	}
	require.Equal(t, []string{
		"dbox-alt-root skipped", "mailboxes/INBOX/dbox-Mails/u.1",
		"storage/m.2", "storage/m.10", "storage/.temp.1.P2Q3M4.host skipped", "storage/m.2.broken skipped",
	}, got)
}

func TestFindFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "anything")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	found, err := Find(t.Context(), newFS(t), path)
	require.NoError(t, err)
	require.Equal(t, []Found{{Path: path, Rel: "anything", Size: 5}}, found)
	_, err = Find(t.Context(), newFS(t), path+"x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOpenNoFile(t *testing.T) {
	_, err := Open(t.Context(), newFS(t), t.TempDir())
	require.ErrorIs(t, err, errNotRegular)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Open(ctx, newFS(t), "nothing")
	require.Error(t, err)
}
