package fsapi

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// fillMemory opens files of path and has each read ahead, until the memory for
// that is gone; nobody fetches anything.
func fillMemory(t *testing.T, fs *FS, path string) (files []*File) {
	for fs.budget.usage()+firstWindow <= fs.budget.limit {
		f := fs.Open(path, ReadOnly)
		_, err := f.Pread(make([]byte, 1), 0)
		require.ErrorIs(t, err, ErrAgain)
		require.NoError(t, f.Wait(patient(t)))
		files = append(files, f)
	}
	return files
}

// TestReclaimedMemoryIsHandedOn: who waits for memory that others hold and do
// not use gets it although nobody calls anything.
func TestReclaimedMemoryIsHandedOn(t *testing.T) {
	path := fileOf(t, noise(100_000))
	fs := newReadingFS(t, fault.Wrap(backend.NewSync(0)), Options{BufferLimit: MinBufferLimit})
	late := fs.Open(path, ReadOnly)
	_, err := late.Stat(patient(t))
	require.NoError(t, err)
	fillMemory(t, fs, path)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	n, err := NewReader(ctx, late).Read(make([]byte, 10))
	require.NoError(t, err)
	require.Equal(t, 10, n)
}

// TestReadTellsWhoeverGetsItsMemory: a read that gives memory back sees to it
// that those who wait in line for it are told.
func TestReadTellsWhoeverGetsItsMemory(t *testing.T) {
	path := fileOf(t, noise(firstWindow+1))
	fs := newReadingFS(t, fault.Wrap(backend.NewSync(0)), Options{BufferLimit: MinBufferLimit})
	late := fs.Open(path, ReadOnly)
	_, err := late.Stat(patient(t))
	require.NoError(t, err)
	files := fillMemory(t, fs, path)
	fs.budget.mu.Lock()
	for f := fs.budget.idle.first; f != nil; f = f.idle.after {
		f.idle.until = time.Now().Add(time.Hour) // no file loses its memory in this test
	}
	fs.budget.mu.Unlock()
	_, err = late.Pread(make([]byte, 1), 0)
	require.ErrorIs(t, err, ErrAgain)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = NewReader(ctx, files[0]).Read(make([]byte, firstWindow))
	require.NoError(t, err)
	require.NoError(t, late.Wait(ctx))
}

// fullEngine takes the first batch and keeps its results to itself, is full
// when the second one comes, and gives the results then.
type fullEngine struct {
	*backend.Sync
	calls int
	kept  []*backend.Op
}

func (e *fullEngine) Submit(ops, done []*backend.Op) (started, finished int, err error) {
	e.calls++
	switch e.calls {
	case 1:
		backend.ExecuteChain(ops)
		e.kept = append(e.kept, ops...)
		return len(ops), 0, nil
	case 2:
		return 0, copy(done, e.kept), nil
	}
	return e.Sync.Submit(ops, done)
}

// TestEngineThatWasFull: what did not fit goes down although the reaper has
// nothing to wake up for any more.
func TestEngineThatWasFull(t *testing.T) {
	path := fileOf(t, noise(10))
	fs := newReadingFS(t, &fullEngine{Sync: backend.NewSync(0)}, Options{})
	fs.Batch(func() { fs.Open(path, ReadOnly) })
	fs.Batch(func() { fs.Open(path, ReadOnly) })
	require.Zero(t, fs.Stats().Queued)
}

// TestReadAfterClose must not leave a file behind that FS.Wait finds ready for
// ever.
func TestReadAfterClose(t *testing.T) {
	path := fileOf(t, noise(10))
	b := fault.Wrap(backend.NewSync(0))
	fs := newReadingFS(t, b, Options{})
	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead)}.Hold())
	defer held.Release()
	f := fs.Open(path, ReadOnly)
	_, err := f.Pread(make([]byte, 1), 0)
	require.ErrorIs(t, err, ErrAgain)
	fs.flush()
	within(t, held.Reached())
	require.NoError(t, f.Close())
	_, err = f.Pread(make([]byte, 1), 0)
	require.ErrorIs(t, err, ErrClosed)
	fs.ready.mu.Lock()
	defer fs.ready.mu.Unlock()
	require.Zero(t, fs.ready.blocked)
}

// TestReadAheadOfWritersIsReclaimed: that a handle has nothing written any more
// does not hide what it has read ahead from those who need the memory.
func TestReadAheadOfWritersIsReclaimed(t *testing.T) {
	path := fileOf(t, noise(100_000))
	fs := newReadingFS(t, fault.Wrap(backend.NewSync(0)), Options{BufferLimit: MinBufferLimit})
	late := fs.Open(path, ReadOnly)
	_, err := late.Stat(patient(t))
	require.NoError(t, err)
	for fs.budget.usage()+firstWindow <= fs.budget.limit {
		f := fs.Open(path, Append)
		_, err := f.Pread(make([]byte, 1), 0)
		require.ErrorIs(t, err, ErrAgain)
		require.NoError(t, f.Wait(patient(t)))
		require.NoError(t, f.Rollback())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = NewReader(ctx, late).Read(make([]byte, 10))
	require.NoError(t, err)
}

// lossyEngine loses what it is given and breaks down.
type lossyEngine struct {
	*backend.Sync
	broken chan struct{}
	once   sync.Once
}

var errBroken = errors.New("broken")

func (e *lossyEngine) Submit(ops, _ []*backend.Op) (started, finished int, err error) {
	e.once.Do(func() { close(e.broken) })
	return len(ops), 0, nil
}

func (e *lossyEngine) Reap([]*backend.Op) (int, error) {
	<-e.broken
	return 0, errBroken
}

// TestCloseBrokenEngine: Close does not wait for what will never come.
func TestCloseBrokenEngine(t *testing.T) {
	fs := openFS(t, &lossyEngine{Sync: backend.NewSync(0), broken: make(chan struct{})}, Options{})
	fs.Open("lost", ReadOnly)
	_, err := fs.Stat(t.Context(), "lost")
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, fs.Close(), errBroken)
}
