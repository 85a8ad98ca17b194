package fsapi

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// within waits for a signal, until the test has hung.
func within[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-soon(t).Done():
		buf := make([]byte, 1<<20)
		require.Fail(t, "it did not come", "%s", buf[:runtime.Stack(buf, true)])
	}
	return v
}

// TestInputCallback: once after each ErrAgain, when there is something to say
// at that offset, and not otherwise. Nobody waits, so it runs by itself.
func TestInputCallback(t *testing.T) {
	data := noise(100_000)
	for _, c := range []struct {
		name string
		path string
		rule fault.Rule
		off  int64
		want error
	}{
		{"data", "", fault.Rule{}, 50_000, nil},
		{"end", "", fault.Rule{}, 200_000, io.EOF},
		{"read error", "", fault.Rule{}.Fail(syscall.EIO), 0, syscall.EIO},
		{"open error", "missing", fault.Rule{}, 0, os.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := fileOf(t, data)
			onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
				rule := c.rule
				rule.Kinds, rule.Times = fault.Kinds(backend.OpRead), fault.Always
				held := fsys.backend.(*fault.Backend).Add(rule.Hold())
				f := fsys.Open(path+c.path, ReadOnly)
				defer f.Close()
				var calls atomic.Int32
				called := make(chan bool, 100)
				f.SetInputCallback(func() { calls.Add(1); called <- true })
				p := make([]byte, 100)
				_, err := f.Pread(p, c.off)
				if c.want == os.ErrNotExist && errors.Is(err, c.want) {
					return // the open was faster than we
				}
				require.Equal(t, ErrAgain, err)
				if c.want != os.ErrNotExist {
					within(t, held.Reached())
					require.Zero(t, calls.Load(), "before the data")
				}
				held.Release()
				within(t, called)
				n, err := f.Pread(p, c.off)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, string(data[min(c.off, int64(len(data))):][:n]), string(p[:n]))
				require.EqualValues(t, 1, calls.Load())
			}, "sync-queued", "threadpool-queued", "uring-queued")
		})
	}
}

// TestCallbackForEachOffset: a Pread that succeeds elsewhere does not make
// the callback for the one that waits disappear.
func TestCallbackForEachOffset(t *testing.T) {
	path := fileOf(t, noise(200_000))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, p := soon(t), make([]byte, 100)
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		_, err := preadWait(ctx, f, p, 0)
		require.NoError(t, err)
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead)}.Hold())
		called := make(chan bool, 100)
		f.SetInputCallback(func() { called <- true })
		_, err = f.Pread(p, 150_000)
		require.Equal(t, ErrAgain, err)
		_, err = f.Pread(p, 100)
		if err == ErrAgain { // what was read ahead has been given up
			_, err = preadWait(ctx, f, p, 100)
		}
		require.NoError(t, err)
		for len(called) > 0 {
			<-called
		}
		held.Release()
		require.NoError(t, f.Wait(ctx))
		within(t, called)
		n, err := f.Pread(p, 150_000)
		require.NoError(t, err)
		require.Positive(t, n)
	}, bothQueued...)
}

// TestCallbackSetLate: what came before the callback was set calls it.
func TestCallbackSetLate(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		f := asking(t, fsys, path, ReadOnly, func(*File) {})
		defer f.Close()
		require.NoError(t, f.Wait(soon(t)))
		called := make(chan bool, 10)
		f.SetInputCallback(nil)
		f.SetInputCallback(func() { called <- true })
		within(t, called)
		require.Empty(t, called)

		w := fsys.Create(filepath.Join(t.TempDir(), "w"), FailIfExists, Perm{})
		defer w.Close()
		require.Equal(t, ErrAgain, w.Commit())
		require.NoError(t, w.Wait(soon(t)))
		w.SetOutputCallback(func() { called <- true })
		within(t, called)
		require.NoError(t, w.Commit())
	}, "sync-queued", "threadpool-queued", "uring")
}

// TestCallbackMayCallAnything: it runs under no lock.
func TestCallbackMayCallAnything(t *testing.T) {
	data := noise(300_000)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, dir := soon(t), t.TempDir()
		done := make(chan error, 1)
		f := asking(t, fsys, path, Append, func(f *File) {
			f.SetInputCallback(func() {
				done <- func() error {
					f.SetInputCallback(nil)
					f.SetOutputCallback(func() {})
					n, err := f.Pread(make([]byte, 10), 0)
					if n == 0 && err != ErrAgain {
						return err
					}
					if _, err := f.Write([]byte("x")); err != nil {
						return err
					}
					f.Rollback()
					f.TryLock()
					f.Unlock()
					fsys.Stats()
					fsys.Backend()
					other := fsys.Open(path, ReadOnly)
					got, err := io.ReadAll(NewReader(ctx, other)) // which waits
					if err != nil || string(got) != string(data) {
						return io.ErrUnexpectedEOF
					}
					other.Close()
					w := fsys.Create(filepath.Join(dir, "new"), FailIfExists, Perm{})
					if err := NewWriter(ctx, w).Commit(); err != nil {
						return err
					}
					w.Close()
					if _, err := fsys.ReadDir(ctx, dir); err != nil {
						return err
					}
					if err := fsys.ReadFiles(ctx, []string{path}, func(int, []byte, error) {}); err != nil {
						return err
					}
					fsys.Batch(func() { fsys.Open(path, ReadOnly).Close() })
					if err := fsys.Wait(ctx); err != nil {
						return err
					}
					return f.Close()
				}()
			})
		})
		require.NoError(t, within(t, done))
		require.ErrorIs(t, f.Close(), ErrClosed)
	})
}

// TestBlockedCallbacks stop nobody else, however many they are, and are woken
// by what others do.
func TestBlockedCallbacks(t *testing.T) {
	path := fileOf(t, noise(1000))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		const blocked, others = 20, 500
		release := make(chan struct{})
		var files []*File
		var back sync.WaitGroup
		ask := func(fn func(*File)) {
			f := fsys.Open(path, ReadOnly)
			files = append(files, f)
			back.Add(1)
			f.SetInputCallback(func() { fn(f); back.Done() })
			_, err := f.Pread(make([]byte, 1), 0)
			require.Equal(t, ErrAgain, err)
		}
		for range blocked {
			ask(func(*File) { <-release })
		}
		var left atomic.Int32
		left.Store(others)
		last := make(chan bool)
		for range others {
			ask(func(f *File) {
				if n, err := f.Pread(make([]byte, 10), 0); n != 10 || err != nil {
					t.Errorf("%d, %v", n, err)
				}
				if left.Add(-1) == 0 {
					close(last)
				}
			})
		}
		within(t, last)
		close(release)
		back.Wait()
		for _, f := range files {
			require.NoError(t, f.Close())
		}
	}, "sync-queued", "threadpool-queued", "uring-queued")
}

// TestNoCallbackAfterClose: Close waits for one that is running, whoever calls
// it, so that it can take away what the callback uses.
func TestNoCallbackAfterClose(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		r := seeded(t)
		for range 500 {
			f := fsys.Open(path, ReadOnly)
			var running, closed atomic.Bool
			f.SetInputCallback(func() {
				if running.Swap(true) {
					t.Error("two at a time")
				}
				if closed.Load() {
					t.Error("a callback after Close")
				}
				f.Pread(make([]byte, 1), 200) // more to come
				runtime.Gosched()
				if closed.Load() {
					t.Error("Close did not wait")
				}
				running.Store(false)
			})
			f.Pread(make([]byte, 1), 0)
			for range r.IntN(50) {
				runtime.Gosched()
			}
			f.Close()
			closed.Store(true)
		}
	})
}

// TestCloseFromAnothersCallback waits all the same, except when the two wait
// for each other.
func TestCloseFromAnothersCallback(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		a, b := fsys.Open(path, ReadOnly), fsys.Open(path, ReadOnly)
		aRuns, bRuns, goOn := make(chan bool), make(chan bool), make(chan bool)
		var bOver atomic.Bool
		closed := make(chan bool, 1)
		a.SetInputCallback(func() {
			close(aRuns)
			<-bRuns
			b.Close()
			closed <- bOver.Load()
			a.Close()
		})
		b.SetInputCallback(func() {
			close(bRuns)
			<-goOn
			bOver.Store(true)
		})
		a.Pread(make([]byte, 1), 0)
		within(t, aRuns)
		b.Pread(make([]byte, 1), 0)
		within(t, bRuns)
		require.Eventually(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.closed }, timeLimit, tick)
		close(goOn)
		require.True(t, within(t, closed), "Close has returned before the callback")

		both := make(chan bool, 2)
		var meet sync.WaitGroup
		meet.Add(2)
		c, d := fsys.Open(path, ReadOnly), fsys.Open(path, ReadOnly)
		closeOther := func(other *File) func() {
			return func() { meet.Done(); meet.Wait(); other.Close(); both <- true }
		}
		c.SetInputCallback(closeOther(d))
		d.SetInputCallback(closeOther(c))
		c.Pread(make([]byte, 1), 0)
		d.Pread(make([]byte, 1), 0)
		within(t, both)
		within(t, both)
	}, bothQueued...)
}

// TestCloseEverythingFromCallback: also the file system.
func TestCloseEverythingFromCallback(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		closed := make(chan error, 1)
		for i := range 50 {
			fsys.Open(path+strconv.Itoa(i%2), ReadOnly).Pread(make([]byte, 1), 0)
		}
		asking(t, fsys, path, ReadOnly, func(f *File) {
			f.SetInputCallback(func() { closed <- fsys.Close() })
		})
		require.NoError(t, within(t, closed))
		require.ErrorIs(t, fsys.Close(), ErrClosed)
	})
}

// TestOutputCallback: when a commit has settled, and when there is room again.
func TestOutputCallback(t *testing.T) {
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit}, func(t *testing.T, fsys *FS) {
		dir := t.TempDir()
		data := noise(9 << 20)
		f := fsys.Create(filepath.Join(dir, "f"), FailIfExists, Perm{})
		called, off := make(chan bool, 100), 0
		f.SetOutputCallback(func() { called <- true })
		for off < len(data) {
			n, err := f.Write(data[off:])
			off += n
			if err == ErrAgain {
				within(t, called)
				continue
			}
			require.NoError(t, err)
		}
		for {
			err := f.Commit()
			if err != ErrAgain {
				require.NoError(t, err)
				break
			}
			within(t, called)
		}
		require.Empty(t, called)
		require.NoError(t, f.Close())
		got, err := os.ReadFile(filepath.Join(dir, "f"))
		require.NoError(t, err)
		require.True(t, string(got) == string(data))
	})
}

// TestBatchThatWaits: what a Batch waits for goes down, also when the engine
// is full.
func TestBatchThatWaits(t *testing.T) {
	path := fileOf(t, noise(1000))
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit}, func(t *testing.T, fsys *FS) {
		const many = 2000
		fsys.Batch(func() {
			files := make([]*File, many)
			for i := range files {
				files[i] = fsys.Open(path, ReadOnly)
				files[i].Pread(make([]byte, 1), 0)
			}
			for i := range files { // the last, which is at the end of every line, first
				got, err := readRest(soon(t), files[many-1-i], 0)
				require.NoError(t, err)
				require.Len(t, got, 1000)
				require.NoError(t, files[many-1-i].Close())
			}
		})
	}, "threadpool", "threadpool-queued", "uring", "uring-queued")
}
