package fsapi

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestReadFiles: in order, whole, whatever their size; what is wrong with one
// is its own matter.
func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	sizes := []int{0, 1, 100, firstWindow - 1, firstWindow, firstWindow + 1, 500_000}
	var paths []string
	size, contents := map[int]int{}, map[int][]byte{}
	for _, n := range sizes {
		contents[n] = noise(n)
	}
	for i := range 300 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if i%10 != 9 {
			size[i] = sizes[i%len(sizes)]
			require.NoError(t, os.WriteFile(path, contents[size[i]], 0o600))
		}
		paths = append(paths, path)
	}
	paths = append(paths, dir, "", "a\x00b")
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		next := 0
		require.NoError(t, fsys.ReadFiles(soon(t), paths, func(i int, data []byte, err error) {
			require.Equal(t, next, i)
			next++
			switch want, there := size[i]; {
			case there:
				require.NoError(t, err)
				require.True(t, string(contents[want]) == string(data), "file %d", i)
			case i < 300, paths[i] == "":
				require.ErrorIs(t, err, os.ErrNotExist)
			default:
				require.Error(t, err)
			}
			if err != nil {
				require.Nil(t, data)
			}
		}))
		require.Equal(t, len(paths), next)
		require.NoError(t, fsys.ReadFiles(soon(t), nil, func(int, []byte, error) { require.Fail(t, "no files") }))
		require.Zero(t, fsys.Stats().Buffered)
		require.NoError(t, fsys.Close())
		require.ErrorIs(t, fsys.ReadFiles(soon(t), paths, nil), ErrClosed)
	})
}

// TestReadFilesFaults: short reads are completed, errors are those of their
// file alone.
func TestReadFilesFaults(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range 20 {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
		require.NoError(t, os.WriteFile(paths[i], noise(1000+i), 0o600))
	}
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		b := fsys.backend.(*fault.Backend)
		b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Path: paths[3], Times: fault.Always}.Fail(syscall.EIO))
		b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Path: paths[4], Times: fault.Always}.Short(7))
		b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Path: paths[5]}.FailPartial(500, syscall.EIO))
		b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Path: paths[6]}.Fail(syscall.EMFILE))
		bad := map[int]error{3: syscall.EIO, 5: syscall.EIO, 6: syscall.EMFILE}
		require.NoError(t, fsys.ReadFiles(soon(t), paths, func(i int, data []byte, err error) {
			require.ErrorIs(t, err, bad[i])
			if bad[i] == nil {
				require.True(t, string(noise(1000+i)) == string(data))
			}
		}))
	}, "sync-queued", "threadpool-queued", "uring-queued")
}

// TestReadFilesCancelled in the middle: nothing is called after that, and
// nothing is left.
func TestReadFilesCancelled(t *testing.T) {
	path := fileOf(t, noise(1000))
	paths := make([]string, 500)
	for i := range paths {
		paths[i] = path
	}
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Skip: 200, Times: fault.Always}.Hold())
		ctx, cancel := context.WithCancel(context.Background())
		calls := 0
		done := make(chan error, 1)
		go func() {
			done <- fsys.ReadFiles(ctx, paths, func(i int, data []byte, err error) {
				if len(data) != 1000 || err != nil {
					t.Errorf("%d: %d, %v", i, len(data), err)
				}
				calls++
			})
		}()
		within(t, held.Reached())
		cancel()
		held.Release() // reads that nobody wants any more
		require.ErrorIs(t, within(t, done), context.Canceled)
		require.Less(t, calls, len(paths))
		require.Zero(t, fsys.Stats().Buffered)

		calls = 0
		require.ErrorIs(t, fsys.ReadFiles(ctx, paths, func(int, []byte, error) { calls++ }), context.Canceled)
		require.Zero(t, calls)
	}, bothQueued...)
}
