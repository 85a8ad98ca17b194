package fsapi

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// directoryOperations are all of them, with what they say in a directory that
// has a file, an empty directory "empty", a full one "full" with a file "in".
var directoryOperations = []struct {
	name string
	want error
	do   func(ctx context.Context, fsys *FS, dir string) error
}{
	{"stat file", nil, stat("file")},
	{"stat directory", nil, stat("empty")},
	{"stat missing", fs.ErrNotExist, stat("missing")},
	{"stat below a file", syscall.ENOTDIR, stat("file/x")},
	{"stat NUL", backend.ErrInvalid, stat("a\x00b")},
	{"stat too long", syscall.ENAMETOOLONG, stat(strings.Repeat("x", 300))},
	{"remove file", nil, remove("file")},
	{"remove empty directory", nil, remove("empty")},
	{"remove full directory", syscall.ENOTEMPTY, remove("full")},
	{"remove missing", fs.ErrNotExist, remove("missing")},
	{"remove below a file", syscall.ENOTDIR, remove("file/x")},
	{"rename", nil, rename("file", "new")},
	{"rename over a file", nil, rename("file", "full/in")},
	{"rename missing", fs.ErrNotExist, rename("missing", "new")},
	{"rename into nowhere", fs.ErrNotExist, rename("file", "missing/new")},
	{"rename file over directory", syscall.EISDIR, rename("file", "empty")},
	{"rename directory over file", syscall.ENOTDIR, rename("empty", "file")},
	{"link", nil, link("file", "new")},
	{"link over a file", fs.ErrExist, link("file", "full/in")},
	{"link missing", fs.ErrNotExist, link("missing", "new")},
	{"link directory", fs.ErrPermission, link("empty", "new")},
	{"mkdir", nil, mkdir("new")},
	{"mkdir deep", nil, mkdir("new/a/b/c")},
	{"mkdir there", nil, mkdir("full")},
	{"mkdir over a file", syscall.ENOTDIR, mkdir("file/x")},
	{"mkdir at a file", fs.ErrExist, mkdir("file")},
	{"readdir", nil, readDir("full", "in")},
	{"readdir sorted", nil, readDir("", "empty", "file", "full")},
	{"readdir empty", nil, readDir("empty")},
	{"readdir missing", fs.ErrNotExist, readDir("missing")},
	{"readdir file", syscall.ENOTDIR, readDir("file")},
	{"syncdir", nil, syncDir("full")},
	{"syncdir missing", fs.ErrNotExist, syncDir("missing")},
	{"syncdir file", syscall.ENOTDIR, syncDir("file")},
}

type operation = func(ctx context.Context, fsys *FS, dir string) error

func stat(name string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error {
		info, err := fsys.Stat(ctx, dir+"/"+name)
		if err == nil && (info.Name() != name || info.IsDir() != (name == "empty") || info.Mode().Perm()&0o600 != 0o600) {
			return fs.ErrInvalid
		}
		return err
	}
}

func remove(name string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error {
		return afterwards(fsys.Remove(ctx, dir+"/"+name), !exists(dir, name))
	}
}

func rename(from, to string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error {
		return afterwards(fsys.Rename(ctx, dir+"/"+from, dir+"/"+to), !exists(dir, from) && exists(dir, to))
	}
}

func link(from, to string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error {
		return afterwards(fsys.Link(ctx, dir+"/"+from, dir+"/"+to), exists(dir, from) && exists(dir, to))
	}
}

func mkdir(name string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error {
		return afterwards(fsys.MkdirAll(ctx, dir+"/"+name, 0o700), exists(dir, name))
	}
}

func syncDir(name string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error { return fsys.SyncDir(ctx, dir+"/"+name) }
}

func readDir(name string, want ...string) operation {
	return func(ctx context.Context, fsys *FS, dir string) error {
		entries, err := fsys.ReadDir(ctx, dir+"/"+name)
		names := []string{}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return afterwards(err, strings.Join(names, " ") == strings.Join(want, " "))
	}
}

// afterwards is err, or an error if a success is none.
func afterwards(err error, ok bool) error {
	if err == nil && !ok {
		return fs.ErrInvalid
	}
	return err
}

func exists(dir, name string) bool {
	_, err := os.Lstat(dir + "/" + name)
	return err == nil
}

func populated(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "full"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "full", "in"), []byte("y"), 0o600))
	return dir
}

func TestDirectoryOperations(t *testing.T) {
	onlyUnix(t)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		for _, op := range directoryOperations {
			t.Run(op.name, func(t *testing.T) {
				dir := populated(t)
				cancelled, cancel := context.WithCancel(context.Background())
				cancel()
				require.ErrorIs(t, op.do(cancelled, fsys, dir), context.Canceled)
				require.FileExists(t, dir+"/file", "nothing has happened")
				err := op.do(soon(t), fsys, dir)
				require.ErrorIs(t, err, op.want)
				if err != nil {
					require.Contains(t, err.Error(), dir)
				}
			})
		}
		require.NoError(t, fsys.Close())
		for _, op := range directoryOperations {
			require.ErrorIs(t, op.do(soon(t), fsys, populated(t)), ErrClosed, op.name)
		}
	}, "threadpool", "uring")
}

// TestDirectoryOperationCancelled while it is under way.
func TestDirectoryOperationCancelled(t *testing.T) {
	onlyUnix(t)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		for _, op := range directoryOperations {
			if op.want != nil {
				continue
			}
			held := fsys.backend.(*fault.Backend).Add(fault.Rule{Times: fault.Always}.Hold())
			ctx, cancel := context.WithCancel(context.Background())
			go func() { <-held.Reached(); cancel() }()
			require.ErrorIs(t, op.do(ctx, fsys, populated(t)), context.Canceled, op.name)
			held.Remove()
		}
	}, bothQueued...)
}

// TestSyncDirsShare: those who come while one is under way share the next.
func TestSyncDirsShare(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		dir, ctx := t.TempDir(), soon(t)
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpSync)}.Hold())
		done := make(chan error, 21)
		go func() { done <- fsys.SyncDir(ctx, dir) }()
		within(t, held.Reached())
		var calling sync.WaitGroup
		for range 20 {
			calling.Go(func() { done <- fsys.SyncDir(ctx, dir) })
		}
		require.Eventually(t, func() bool {
			fsys.dirs.mu.Lock()
			defer fsys.dirs.mu.Unlock()
			return len(fsys.dirs.dirs[dir].later) == 20
		}, timeLimit, tick)
		held.Release()
		for range 21 {
			require.NoError(t, within(t, done))
		}
		calling.Wait()
		require.EqualValues(t, 2, fsys.Stats().Ops["fsync"].Count)
	}, bothQueued...)
}

// TestStatOfAHandle follows the file, not its name, and keeps the descriptor
// until it has come back.
func TestStatOfAHandle(t *testing.T) {
	path := fileOf(t, noise(123))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		b := fsys.backend.(*fault.Backend)
		f := fsys.Open(path, ReadOnly)
		info, err := f.Stat(soon(t))
		require.NoError(t, err)
		require.EqualValues(t, 123, info.Size())
		held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpStat)}.Hold())
		closes := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpClose), Times: fault.Always})
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-held.Reached(); cancel() }()
		_, err = f.Stat(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, f.Close())
		_, err = f.Stat(soon(t))
		require.ErrorIs(t, err, ErrClosed)
		require.NoError(t, fsys.Close())
		require.Equal(t, 1, closes.Hits())

		fresh := fsys.Open(path, ReadOnly)
		_, err = fresh.Stat(soon(t))
		require.ErrorIs(t, err, ErrClosed)
	}, bothQueued...)
}
