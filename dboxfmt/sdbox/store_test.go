package sdbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func TestMailboxes(t *testing.T) {
	onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		x.open("inbox")
		x.create("a/b")
		x.create("a/b/c")
		require.ErrorIs(t, x.Create(x.ctx, "a/b"), fs.ErrExist)
		require.ErrorIs(t, x.Create(x.ctx, "INBOX"), fs.ErrExist)
		require.ErrorIs(t, x.Create(x.ctx, "../out"), mailstore.ErrName)
		_, err := x.Store.Open(x.ctx, "a")
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, x.Subscribe(x.ctx, "a/b/c", true))
		list, err := x.Mailboxes(x.ctx)
		require.NoError(t, err)
		require.Equal(t, []mailstore.MailboxInfo{
			{Name: "INBOX", Selectable: true}, {Name: "a"}, {Name: "a/b", Selectable: true},
			{Name: "a/b/c", Selectable: true, Subscribed: true},
		}, list)
	})
}

func TestUIDValidityAndGUIDDiffer(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	a, err := x.create("a").Status(x.ctx)
	require.NoError(t, err)
	b, err := x.create("b").Status(x.ctx)
	require.NoError(t, err)
	require.NotZero(t, a.UIDValidity)
	require.NotEqual(t, a.UIDValidity, b.UIDValidity)
	require.NotEqual(t, a.GUID, b.GUID)
	require.NoError(t, x.Delete(x.ctx, "a"))
	again, err := x.create("a").Status(x.ctx)
	require.NoError(t, err)
	require.NotEqual(t, a.UIDValidity, again.UIDValidity)
}

func TestDelete(t *testing.T) {
	onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		m := x.create("a")
		save(t, m, mailstore.SaveOptions{}, "Subject: x\n\nx\n")
		x.create("a/b")
		require.NoError(t, x.Delete(x.ctx, "a"))
		require.ErrorIs(t, x.Delete(x.ctx, "a"), fs.ErrNotExist)
		require.ErrorIs(t, x.Delete(x.ctx, "INBOX"), mailstore.ErrName)
		_, err := m.Status(x.ctx)
		require.ErrorIs(t, err, mailstore.ErrDeleted, "a handle from before")
		require.ErrorIs(t, err, fs.ErrNotExist)
		list, err := x.Mailboxes(x.ctx)
		require.NoError(t, err)
		require.Equal(t, []mailstore.MailboxInfo{{Name: "a"}, {Name: "a/b", Selectable: true}}, list)
	})
}

func TestRename(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.create("a/b")
	save(t, m, mailstore.SaveOptions{Flags: mailstore.Seen}, "1\n", "2\n")
	require.NoError(t, m.AltMove(x.ctx, []uint32{2}, false))
	before, err := m.Status(x.ctx)
	require.NoError(t, err)
	require.NoError(t, x.Rename(x.ctx, "a", "z/y"))
	m = x.open("z/y/b")
	after, err := m.Status(x.ctx)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, []string{`1 "1\n" \Seen`, `2 "2\n" \Seen alt`}, contents(t, m))
}

// A handle never shows another mailbox that has got the name meanwhile.
func TestMailboxIsReplaced(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	old := x.create("a")
	save(t, old, mailstore.SaveOptions{}, "old")
	other := openStore(t, x.opts)
	require.NoError(t, other.Delete(x.ctx, "a"))
	save(t, other.create("a"), mailstore.SaveOptions{}, "new")
	for range 2 {
		_, err := old.Status(x.ctx)
		require.ErrorIs(t, err, mailstore.ErrDeleted)
		require.ErrorIs(t, old.Expunge(x.ctx, []uint32{1}), mailstore.ErrDeleted)
		tx := old.Begin()
		err = tx.Save(x.ctx, strings.NewReader("lost?"), mailstore.SaveOptions{})
		require.NoError(t, err)
		_, err = tx.Commit(x.ctx)
		require.ErrorIs(t, err, mailstore.ErrDeleted)
	}
	require.Equal(t, []string{`1 "new"`}, contents(t, x.open("a")))
}

// Who has to wait too long for the lock gives up, and has changed nothing.
func TestLocked(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), func(o *Options) { o.LockTimeout = 10 * time.Millisecond })
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1")
	tx := m.Begin()
	require.NoError(t, tx.Save(x.ctx, strings.NewReader("2"), mailstore.SaveOptions{}))
	l, err := m.(*mailbox).box.index.Lock(x.ctx)
	require.NoError(t, err)
	_, err = tx.Commit(x.ctx)
	require.ErrorIs(t, err, fsapi.ErrLocked)
	require.ErrorIs(t, m.Expunge(x.ctx, []uint32{1}), fsapi.ErrLocked)
	require.ErrorIs(t, m.SetFlags(x.ctx, []uint32{1}, mailstore.FlagChange{Add: mailstore.Seen}), fsapi.ErrLocked)
	require.NoError(t, l.Unlock())
	require.Equal(t, []string{`1 "1"`}, contents(t, m))
	require.Empty(t, temporary(t, x))
	save(t, m, mailstore.SaveOptions{}, "3")
	require.Equal(t, []string{`1 "1"`, `2 "3"`}, contents(t, m))
}

// Message files are as readable as their directory.
func TestPermissions(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	dir := x.tree.Dir("a")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.Chmod(dir, 0o770))
	save(t, x.open("a"), mailstore.SaveOptions{}, "1")
	info, err := os.Stat(filepath.Join(dir, "u.1"))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, fs.FileMode(0o660), info.Mode().Perm())
	}
}
