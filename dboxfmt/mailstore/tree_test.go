package mailstore

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

func newFS(t *testing.T, kind fsapi.BackendKind) *fsapi.FS {
	fsys, err := fsapi.New(fsapi.Options{Backend: kind, Sync: fsapi.SyncNever, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Skipf("SKIPPED: engine %s: %v", kind, err)
	}
	t.Cleanup(func() { require.NoError(t, fsys.Close()) })
	return fsys
}

func newTree(t *testing.T) *Tree {
	dir := t.TempDir()
	return NewTree(TreeOptions{
		FS: newFS(t, fsapi.ThreadPool), Root: filepath.Join(dir, "sdbox"), Alt: filepath.Join(dir, "alt"),
		LockTimeout: time.Second, Now: func() time.Time { return time.Unix(0x5f3c2a10, 0) },
	})
}

func (t *Tree) make(tb testing.TB, names ...string) {
	for _, name := range names {
		require.NoError(tb, t.MakeDir(context.Background(), t.Dir(name)))
	}
}

func listed(t *testing.T, tree *Tree) (names []string) {
	list, err := tree.List(context.Background())
	require.NoError(t, err)
	for _, m := range list {
		name := m.Name
		if !m.Selectable {
			name = "(" + name + ")"
		}
		if m.Subscribed {
			name += "*"
		}
		names = append(names, name)
	}
	return names
}

func TestTreeList(t *testing.T) {
	tree := newTree(t)
	require.Empty(t, listed(t, tree), "a store that is not there has no mailboxes")
	tree.make(t, "INBOX", "a/b/c", "a", "Entwürfe", "a.b")
	require.NoError(t, tree.Subscribe(context.Background(), "a", true))
	require.NoError(t, os.Mkdir(filepath.Join(tree.root, "mailboxes", "&bad"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(tree.root, "mailboxes", "file"), nil, 0o600))
	require.Equal(t, []string{"Entwürfe", "INBOX", "a*", "a.b", "(a/b)", "a/b/c"}, listed(t, tree))
}

func TestTreeRename(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	tree.make(t, "INBOX", "a/b", "a/b/c", "x")
	require.NoError(t, os.MkdirAll(tree.AltDir("a/b"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(tree.AltDir("a/b"), "u.1"), nil, 0o600))

	require.ErrorIs(t, tree.Rename(ctx, "nope", "y"), fs.ErrNotExist)
	require.ErrorIs(t, tree.Rename(ctx, "a/b", "x"), fs.ErrExist)
	require.ErrorIs(t, tree.Rename(ctx, "a", "a/z"), ErrName)
	require.ErrorIs(t, tree.Rename(ctx, "INBOX", "y"), ErrName)

	require.NoError(t, tree.Rename(ctx, "a/b", "q/r/s"))
	require.Equal(t, []string{"INBOX", "(q)", "(q/r)", "q/r/s", "q/r/s/c", "x"}, listed(t, tree))
	require.FileExists(t, filepath.Join(tree.AltDir("q/r/s"), "u.1"))
	require.NoDirExists(t, tree.altPlace("a"))
}

func TestTreeDiscard(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	tree.make(t, "a/b", "a/b/c", "d/e")
	for _, dir := range []string{tree.AltDir("a/b"), filepath.Join(tree.root, trash, "old")} {
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "u.1"), nil, 0o600))
	}
	require.NoError(t, tree.Discard(ctx, "a/b"))
	require.NoError(t, tree.Discard(ctx, "d/e"))
	require.Equal(t, []string{"(a)", "(a/b)", "a/b/c"}, listed(t, tree))
	require.NoDirExists(t, filepath.Join(tree.root, trash))
	require.NoDirExists(t, tree.altPlace("a"))
}

// Whoever comes second waits; a file that a crash has left is nobody's lock.
func TestListLock(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	require.NoError(t, os.MkdirAll(tree.root, 0o700))
	require.NoError(t, os.WriteFile(tree.inRoot("mailboxes.lock"), nil, 0o600))
	var wg sync.WaitGroup
	holders := 0
	for range 8 {
		wg.Go(func() {
			for range 5 {
				err := tree.Locked(ctx, func() error {
					holders++ // the race detector watches
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 40, holders)
	require.NoFileExists(t, tree.inRoot("mailboxes.lock"))
}

func TestListLockTimeout(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	tree.timeout = 10 * time.Millisecond
	require.NoError(t, tree.Locked(ctx, func() error {
		require.ErrorIs(t, tree.Locked(ctx, func() error { return nil }), fsapi.ErrLocked)
		return nil
	}))
}

func TestNextUIDValidity(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	require.NoError(t, os.MkdirAll(tree.root, 0o700))
	next := func() uint32 {
		value, err := tree.NextUIDValidity(ctx)
		require.NoError(t, err)
		return value
	}
	require.Equal(t, uint32(0x5f3c2a10), next(), "the time, when nothing is there")
	require.Equal(t, uint32(0x5f3c2a11), next())

	require.NoError(t, os.Remove(tree.inRoot(uidvalidityFile)))
	require.Equal(t, uint32(0x5f3c2a12), next(), "the file is lost")
	require.NoError(t, os.Remove(tree.marker(0x5f3c2a12)))
	require.Equal(t, uint32(0x5f3c2a13), next(), "the marker is lost")
	require.NoError(t, os.WriteFile(tree.inRoot(uidvalidityFile), []byte("garbage!"), 0o600))
	require.Equal(t, uint32(0x5f3c2a14), next(), "the file is damaged")
	b, err := os.ReadFile(tree.inRoot(uidvalidityFile))
	require.NoError(t, err)
	require.Equal(t, "5f3c2a14", string(b))
}

func TestNextUIDValidityConcurrently(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	require.NoError(t, os.MkdirAll(tree.root, 0o700))
	var mu sync.Mutex
	seen := map[uint32]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				value, err := tree.NextUIDValidity(ctx)
				mu.Lock()
				if err != nil || seen[value] {
					t.Errorf("value %x, taken before: %v, %v", value, seen[value], err)
				}
				seen[value] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, 20)
}

func TestSubscriptions(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	for _, name := range []string{"b/ü", "a", "b/ü", "inbox"} {
		require.NoError(t, tree.Subscribe(ctx, name, true))
	}
	require.NoError(t, tree.Subscribe(ctx, "never there", false))
	b, err := os.ReadFile(tree.inRoot(subscriptionsFile))
	require.NoError(t, err)
	require.Equal(t, "V\t2\n\nINBOX\na\nb\t&APw-\n", string(b))
	require.NoError(t, tree.Subscribe(ctx, "a", false))
	names, err := tree.Subscriptions(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"INBOX", "b/ü"}, names)
	require.NoFileExists(t, tree.inRoot("subscriptions.lock"))
}

func TestSubscriptionsVersion1(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	require.NoError(t, os.MkdirAll(tree.root, 0o700))
	require.NoError(t, os.WriteFile(tree.inRoot(subscriptionsFile), []byte("b/&APw-\n&bad\n"), 0o600))
	require.NoError(t, tree.Subscribe(ctx, "a", true))
	names, err := tree.Subscriptions(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b/ü"}, names)
	b, err := os.ReadFile(tree.inRoot(subscriptionsFile))
	require.NoError(t, err)
	require.Equal(t, "V\t2\n\n&bad\na\nb\t&APw-\n", string(b), "a line that is no name stays")
}

func TestSubscriptionsLocked(t *testing.T) {
	tree, ctx := newTree(t), context.Background()
	tree.timeout = 10 * time.Millisecond
	lock := tree.inRoot("subscriptions.lock")
	require.NoError(t, os.MkdirAll(tree.root, 0o700))
	require.NoError(t, os.WriteFile(lock, nil, 0o600))
	require.NoError(t, os.Chtimes(lock, time.Time{}, tree.now()))
	require.ErrorIs(t, tree.Subscribe(ctx, "a", true), fsapi.ErrLocked)

	require.NoError(t, os.Chtimes(lock, time.Time{}, tree.now().Add(-staleLock-time.Second)))
	require.NoError(t, tree.Subscribe(ctx, "a", true), "a lock that a crash has left")
}
