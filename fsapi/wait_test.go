package fsapi

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestWaitLosesNothing: thousands of waits, none of which a timer would end.
func TestWaitLosesNothing(t *testing.T) {
	data := noise(3000)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx := soon(t)
		var waiting sync.WaitGroup
		for g := range 4 {
			waiting.Go(func() {
				for i := range 150 {
					f := fsys.Open(path, ReadOnly)
					var err error
					if (g+i)%2 == 0 { // in one go
						_, err = io.ReadFull(NewReader(ctx, f), make([]byte, len(data)))
					} else {
						_, err = readRest(ctx, f, 0)
					}
					f.Close()
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		waiting.Wait()
	})
}

// TestWaitReturnsAtOnce when there is nothing to wait for, or it has come.
func TestWaitReturnsAtOnce(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx := soon(t)
		require.NoError(t, fsys.Wait(ctx))
		f := fsys.Open(path, ReadOnly)
		require.NoError(t, f.Wait(ctx))
		f.Close()
		f = asking(t, fsys, path, ReadOnly, func(*File) {})
		require.NoError(t, fsys.Wait(ctx))
		for range 3 { // until the call is repeated
			require.NoError(t, f.Wait(ctx))
			require.NoError(t, fsys.Wait(ctx))
		}
		require.NoError(t, f.Close())
		require.ErrorIs(t, f.Wait(ctx), ErrClosed)
		require.NoError(t, fsys.Wait(ctx))
		require.NoError(t, fsys.Close())
		require.ErrorIs(t, fsys.Wait(ctx), ErrClosed)
	})
}

// TestWaitKnowsBothDirections: a call that succeeds does not end the wait for
// another one.
func TestWaitKnowsBothDirections(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, b := soon(t), fsys.backend.(*fault.Backend)
		held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Times: fault.Always}.Hold())
		f, other := fsys.Open(path, Append), fsys.Open(path, ReadOnly)
		defer f.Close()
		defer other.Close()
		for _, g := range []*File{f, other} { // and other stays blocked
			_, err := g.Pread(make([]byte, 1), 0)
			require.Equal(t, ErrAgain, err)
		}
		_, err := f.Write([]byte("x"))
		require.NoError(t, err)
		short, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, f.Wait(short), context.Canceled)
		done := make(chan error, 2)
		go func() { done <- f.Wait(ctx) }()
		go func() { done <- fsys.Wait(ctx) }()
		held.Release()
		require.NoError(t, within(t, done))
		require.NoError(t, within(t, done))
	}, bothQueued...)
}

// TestEventLoop reads 200 files with one goroutine and without callbacks.
func TestEventLoop(t *testing.T) {
	dir := t.TempDir()
	const many = 200
	var contents [many][]byte
	for i := range many {
		contents[i] = noise(i * 500)
		require.NoError(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), contents[i], 0o600))
	}
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, p := soon(t), make([]byte, 64<<10)
		files, data := map[int]*File{}, make([][]byte, many)
		for i := range many {
			files[i] = fsys.Open(filepath.Join(dir, strconv.Itoa(i)), ReadOnly)
		}
		for len(files) > 0 {
			for i, f := range files {
				n, err := f.Pread(p, int64(len(data[i])))
				data[i] = append(data[i], p[:n]...)
				switch err {
				case nil, ErrAgain:
				case io.EOF:
					require.NoError(t, f.Close())
					delete(files, i)
				default:
					require.NoError(t, err)
				}
			}
			require.NoError(t, fsys.Wait(ctx))
		}
		for i := range many {
			require.True(t, string(contents[i]) == string(data[i]), "file %d", i)
		}
	})
}

// TestCancelledWait ends the wait, not the file.
func TestCancelledWait(t *testing.T) {
	data := noise(100)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead)}.Hold())
		f := fsys.Open(path, ReadOnly)
		ctx, cancel := context.WithCancel(context.Background())
		reader := NewReader(ctx, f)
		done := make(chan error, 3)
		go func() { _, err := reader.Read(make([]byte, 10)); done <- err }()
		within(t, held.Reached())
		go func() { done <- f.Wait(ctx) }()
		go func() { done <- fsys.Wait(ctx) }()
		cancel()
		for range 3 {
			require.ErrorIs(t, within(t, done), context.Canceled)
		}
		f.mu.Lock()
		require.Empty(t, f.waiters)
		f.mu.Unlock()
		held.Release()
		got, err := io.ReadAll(NewReader(soon(t), f))
		require.NoError(t, err)
		require.Equal(t, data, got)

		again := fsys.Open(path, ReadOnly) // and closable, with the read in flight
		held = fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead)}.Hold())
		_, err = again.Pread(make([]byte, 1), 0)
		require.Equal(t, ErrAgain, err)
		require.ErrorIs(t, again.Wait(ctx), context.Canceled)
		require.NoError(t, again.Close())
		held.Release()
		require.NoError(t, f.Close())
	}, "threadpool-queued", "uring-queued")
}

// TestCloseWhileOthersWait: all of them come back with ErrClosed.
func TestCloseWhileOthersWait(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx := soon(t)
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Times: fault.Always}.Hold())
		const many = 20
		done := make(chan error, 3*many)
		for range many {
			f := fsys.Open(path, ReadOnly)
			_, err := f.Pread(make([]byte, 1), 0)
			require.Equal(t, ErrAgain, err)
			go func() { _, err := NewReader(ctx, f).Read(make([]byte, 1)); done <- err }()
			go func() { _, err := f.Stat(ctx); done <- err }()
			go func() {
				for {
					if err := fsys.Wait(ctx); err != nil {
						done <- err
						return
					}
				}
			}()
		}
		within(t, held.Reached())
		closed := make(chan error, 1)
		go func() { closed <- fsys.Close() }()
		for range 3 * many {
			err := within(t, done)
			if err != nil { // a Stat may have been faster
				require.ErrorIs(t, err, ErrClosed)
			}
		}
		held.Release()
		require.NoError(t, within(t, closed))
		f := fsys.Open(path, ReadOnly)
		_, err := f.Pread(make([]byte, 1), 0)
		require.ErrorIs(t, err, ErrClosed)
		require.NoError(t, f.Close())
	}, bothQueued...)
}

// TestCloseMeetsOpen: what is opened while the file system closes is closed,
// too.
func TestCloseMeetsOpen(t *testing.T) {
	path := fileOf(t, noise(100))
	before := openDescriptors(t)
	for name, engine := range readingEngines(t) {
		t.Run(name, func(t *testing.T) {
			for range 15 {
				fsys, err := New(Options{Engine: engine(t)})
				require.NoError(t, err)
				var opening sync.WaitGroup
				for range 3 {
					opening.Go(func() {
						for range 30 {
							f := fsys.Open(path, ReadOnly)
							f.Pread(make([]byte, 1), 0)
							ctx, cancel := context.WithCancel(context.Background())
							go cancel()
							f.Stat(ctx)
						}
					})
				}
				require.NoError(t, fsys.Close())
				opening.Wait()
				require.Equal(t, before, openDescriptors(t))
			}
		})
	}
}
