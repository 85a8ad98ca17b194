package fsapi

import (
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachEngineCleanly is eachEngine, and no goroutine may be left either.
func eachEngineCleanly(t *testing.T, test func(t *testing.T, fs *FS, dir string)) {
	before := runtime.NumGoroutine()
	eachEngine(t, test)
	eventually(t, "goroutines left", func() bool { return runtime.NumGoroutine() <= before })
}

// TestPathsThatCannotBeWritten: the commit says what is wrong with which file,
// and leaves nothing behind.
func TestPathsThatCannotBeWritten(t *testing.T) {
	onlyUnix(t)
	for _, c := range []struct {
		name, path  string
		fail, other error // of FailIfExists and of ReplaceIfExists
	}{
		{"too long", strings.Repeat("x", 256), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		{"a path too long", strings.Repeat("x/", 3000), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		{"no directory", "no/file", iofs.ErrNotExist, iofs.ErrNotExist},
		{"a file as directory", "file/x", syscall.ENOTDIR, syscall.ENOTDIR},
		{"a directory in the way", "dir", iofs.ErrExist, syscall.EISDIR},
		{"a full directory in the way", "full", iofs.ErrExist, syscall.EISDIR},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachEngineCleanly(t, func(t *testing.T, fs *FS, dir string) {
				put(t, dir+"/file", "old")
				require.NoError(t, os.Mkdir(dir+"/dir", 0o700))
				require.NoError(t, os.Mkdir(dir+"/full", 0o700))
				put(t, dir+"/full/x", "old")
				path := dir + "/" + c.path
				for mode, want := range map[CreateMode]error{FailIfExists: c.fail, ReplaceIfExists: c.other} {
					err := commit1(t, fs.Create(path, mode, Perm{}), "new", "")
					require.ErrorIs(t, err, want)
					require.ErrorContains(t, err, filepath.Dir(path))
					err = commit1(t, fs.Create(dir+"/new", mode, Perm{}), "new", path)
					require.ErrorIs(t, err, want)
					require.ErrorContains(t, err, path)
				}
				err := commit1(t, fs.Open(path, Append), "new", "")
				require.Error(t, err)
				require.ErrorContains(t, err, path)
				require.NoError(t, fs.Close()) // a file's Close does not wait
				require.Equal(t, []string{"dir", "file", "full"}, names(t, dir))
				require.Equal(t, "old", content(t, dir+"/file"))
				require.Equal(t, "old", content(t, dir+"/full/x"))
			})
		})
	}
}

// TestAfterClose: a file and a file system that are closed say so, always.
func TestAfterClose(t *testing.T) {
	eachEngineCleanly(t, func(t *testing.T, fs *FS, dir string) {
		put(t, dir+"/file", "old")
		handles := func() []*File {
			return []*File{
				fs.Open(dir+"/file", ReadOnly), fs.Open(dir+"/file", Append),
				fs.Create(dir+"/new", FailIfExists, Perm{}), fs.Open("", ReadOnly), fs.Create("", FailIfExists, Perm{}),
			}
		}
		for _, f := range handles() {
			require.NoError(t, f.Close())
			requireClosed(t, f)
		}
		open := handles()
		require.NoError(t, fs.Close())
		for _, f := range append(open, handles()...) {
			f.Close()
			requireClosed(t, f)
		}
		ctx := patient(t)
		_, statErr := fs.Stat(ctx, dir)
		_, readErr := fs.ReadDir(ctx, dir)
		for _, err := range []error{
			statErr, readErr, fs.Close(), fs.Wait(ctx), fs.Remove(ctx, dir+"/file"), fs.Rename(ctx, dir+"/file", dir+"/x"),
			fs.Link(ctx, dir+"/file", dir+"/x"), fs.MkdirAll(ctx, dir+"/x", 0o700), fs.SyncDir(ctx, dir),
			fs.ReadFiles(ctx, []string{dir + "/file"}, func(int, []byte, error) { t.Error("called") }),
		} {
			require.ErrorIs(t, err, ErrClosed)
		}
		fs.Batch(func() {})
		require.NotPanics(t, func() { fs.Stats() })
		require.Equal(t, []string{"file"}, names(t, dir))
	})
}

func requireClosed(t *testing.T, f *File) {
	t.Helper()
	_, readErr := f.Pread(make([]byte, 1), 0)
	_, writeErr := f.Write([]byte("x"))
	for _, err := range []error{
		readErr, writeErr, f.Commit(), f.CommitAs("y"), f.Rollback(), f.TryLock(), f.Unlock(), f.Close(), f.Wait(patient(t)),
	} {
		require.ErrorIs(t, err, ErrClosed)
	}
}
