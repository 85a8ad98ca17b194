package fsapi

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestCloseWithThousandsInFlight: Close waits for what the kernel has, and
// everything comes back.
func TestCloseWithThousandsInFlight(t *testing.T) {
	for _, c := range []struct {
		name  string
		close func(t *testing.T, fs *FS, files []*File)
	}{
		{"the file system", func(t *testing.T, fs *FS, _ []*File) { require.NoError(t, fs.Close()) }},
		{"each file", func(t *testing.T, fs *FS, files []*File) {
			for _, f := range files {
				require.NoError(t, f.Close())
			}
			require.NoError(t, fs.Close())
		}},
		{"both at once", func(t *testing.T, fs *FS, files []*File) {
			var all sync.WaitGroup
			all.Go(func() { fs.Close() })
			for _, f := range files {
				all.Go(func() { f.Close() })
			}
			all.Wait()
		}},
		{"from a callback", func(t *testing.T, fs *FS, files []*File) {
			closed := make(chan error, 1)
			for _, f := range files { // any of those that are still to come
				f.SetInputCallback(func() {
					if err := fs.Close(); err != ErrClosed {
						closed <- err
					}
				})
			}
			last := fs.Open("/dev/null", ReadOnly)
			last.SetInputCallback(func() { fs.Close() })
			if _, err := last.Pread(make([]byte, 1), 0); err != ErrAgain {
				fs.Close() // unless a callback is doing it already
			}
			<-fs.reaped
			if len(closed) > 0 {
				require.NoError(t, <-closed)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				put(t, dir+"/old", "old")
				held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Times: fault.Always}.Hold())
				files := start(fs, dir, 500)
				stats := fs.Stats()
				require.GreaterOrEqual(t, stats.InFlight+stats.Queued, 1000)
				go held.Release()
				c.close(t, fs, files)
				for _, f := range files {
					requireClosed(t, f)
				}
				for _, name := range names(t, dir) { // a commit has succeeded or has not happened
					require.Equal(t, name[:3], content(t, dir+"/"+name))
				}
			})
			eventually(t, "goroutines left", func() bool { return runtime.NumGoroutine() <= goroutines })
			require.Equal(t, descriptors, openDescriptors(t))
		})
	}
}

// start starts 2n operations or more on n files and waits for none.
func start(fs *FS, dir string, n int) (files []*File) {
	for i := range n {
		var f *File
		if i%5 != 0 {
			f = fs.Open(dir+"/old", ReadOnly)
			f.Pread(make([]byte, 10), 0)
		} else {
			f = fs.Create(fmt.Sprintf("%s/new%d", dir, i), FailIfExists, Perm{})
			f.Write([]byte("new"))
			f.Commit()
		}
		files = append(files, f)
	}
	return files
}
