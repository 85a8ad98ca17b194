//go:build linux || darwin

package threadpool

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestCancelBehindABusyWorker: what has not started comes back at once, undone.
func TestCancelBehindABusyWorker(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 1, Depth: 16, Queue: kind})
		s := newStuck(t)
		file := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		unlink := &backend.Op{Kind: backend.OpUnlink, Path: file}
		chain := link(&backend.Op{Kind: backend.OpMkdir, Path: file + "1"}, &backend.Op{}, &backend.Op{})
		submit(t, p, s.op)
		submit(t, p, unlink)
		submit(t, p, chain...)

		p.Cancel(unlink)
		require.Same(t, unlink, reap(t, p, 1)[0])
		require.ErrorIs(t, unlink.Err, backend.ErrCanceled)
		p.Cancel(chain[0])
		p.Cancel(chain[1]) // is over
		require.Equal(t, chain, reap(t, p, 3))
		for _, op := range chain {
			require.ErrorIs(t, op.Err, backend.ErrCanceled)
		}

		s.letGo()
		reap(t, p, 1)
		s.closeHandle()
		require.FileExists(t, file)
		require.NoDirExists(t, file+"1")
	})
}

func TestCancelLeavesEarlierMembersAlone(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 1, Queue: kind})
		s := newStuck(t)
		dir := filepath.Join(t.TempDir(), "d")
		chain := link(&backend.Op{Kind: backend.OpMkdir, Path: dir, Mode: 0o700}, &backend.Op{}, &backend.Op{})
		submit(t, p, s.op)
		submit(t, p, chain...)
		p.Cancel(chain[1])
		s.letGo()
		reap(t, p, 4)
		s.closeHandle()
		require.NoError(t, chain[0].Err)
		require.DirExists(t, dir)
		require.ErrorIs(t, chain[1].Err, backend.ErrCanceled)
		require.ErrorIs(t, chain[2].Err, backend.ErrCanceled)
	})
}

// TestCancelNeverCloses: closing may block, so a cancelled close is left to a
// worker, which does it.
func TestCancelNeverCloses(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 1, Queue: kind})
		h := &backend.Handle{}
		submit(t, p, &backend.Op{Kind: backend.OpOpen, Path: t.TempDir(), Handle: h})
		require.NoError(t, reap(t, p, 1)[0].Err)

		s := newStuck(t)
		end := &backend.Op{Kind: backend.OpClose, Handle: h}
		submit(t, p, s.op, end)
		p.Cancel(end)
		_, finished, err := p.Submit(nil, make([]*backend.Op, 1))
		require.NoError(t, err)
		require.Zero(t, finished)
		s.letGo()
		reap(t, p, 2)
		s.closeHandle()
		require.NoError(t, end.Err)
		require.False(t, h.IsOpen())
	})
}

// TestCancelledOperationsLeaveRoom: the queue keeps the place of a task that
// was cancelled until a worker comes by, and that must not make the pool
// smaller meanwhile.
func TestCancelledOperationsLeaveRoom(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		const depth = 12
		p := newPool(t, Options{Workers: 1, Depth: depth, Queue: kind})
		s := newStuck(t)
		submit(t, p, s.op)
		for range 4 {
			ops := nops(depth - 1)
			submit(t, p, ops...)
			for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(ops)) {
				p.Cancel(ops[i])
			}
			require.ElementsMatch(t, ops, reap(t, p, len(ops)))
		}
		live := append(link(nops(4)...), nops(depth-5)...)
		submit(t, p, live...)
		p.Cancel(live[depth-2])
		s.letGo()
		reap(t, p, depth)
		s.closeHandle()
		for _, op := range live[:depth-2] {
			require.NoError(t, op.Err)
		}
		require.ErrorIs(t, live[depth-2].Err, backend.ErrCanceled)
		submit(t, p, nops(depth)...)
		reap(t, p, depth)
	})
}

func TestCancelInsideAChain(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 1, Queue: kind})
		for _, c := range []struct {
			name   string
			cancel int
			errs   []bool // of mkdir, open, read, close
		}{
			{"first", 0, []bool{true, true, true, true}},
			{"open", 1, []bool{false, true, true, true}},
			{"read", 2, []bool{false, false, true, false}}, // the file is closed all the same
			{"close", 3, []bool{false, false, false, false}},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := newStuck(t)
				dir := filepath.Join(t.TempDir(), "d")
				h := &backend.Handle{}
				chain := link(
					&backend.Op{Kind: backend.OpMkdir, Path: dir, Mode: 0o700},
					&backend.Op{Kind: backend.OpOpen, Path: dir, Handle: h, Open: backend.OpenDirectory},
					&backend.Op{Kind: backend.OpSync, Handle: h},
					&backend.Op{Kind: backend.OpClose, Handle: h},
				)
				submit(t, p, s.op)
				submit(t, p, chain...)
				p.Cancel(chain[c.cancel])
				s.letGo()
				reap(t, p, 5)
				s.closeHandle()
				for i, op := range chain {
					require.Equal(t, c.errs[i], errors.Is(op.Err, backend.ErrCanceled), "member %d: %v", i, op.Err)
				}
				require.False(t, h.IsOpen())
			})
		}
	})
}

func TestCancelOfARunningOperation(t *testing.T) {
	p := newPool(t, Options{Workers: 1})
	s := newStuck(t)
	behind := &backend.Op{}
	s.op.Link = true
	submit(t, p, s.op, behind)
	for p.places[s.op.Slot.Index()].task.state.Load() != running {
		runtime.Gosched()
	}
	p.Cancel(behind)
	s.letGo()
	reap(t, p, 2)
	s.closeHandle() // it has ended normally
	require.ErrorIs(t, behind.Err, backend.ErrCanceled)
}

// TestCancelMeetsWorkers: cancelled or not, everything comes back once, and it
// is as its error says.
func TestCancelMeetsWorkers(t *testing.T) {
	const seed = 7
	t.Log("seed", seed)
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		dir := t.TempDir()
		p := newPool(t, Options{Workers: 3, Depth: 24, Queue: kind})
		r := rand.New(rand.NewPCG(seed, 0))
		for range 400 {
			var ops []*backend.Op
			for len(ops) < 20 {
				n := 1 + r.IntN(3)
				for range n {
					ops = append(ops, &backend.Op{Kind: backend.OpStat, Path: dir, Link: true})
				}
				ops[len(ops)-1].Link = false
			}
			ops = ops[:20]
			submit(t, p, ops...)
			var cancelling sync.WaitGroup
			victims := []*backend.Op{ops[r.IntN(20)], ops[r.IntN(20)], ops[19], ops[18]}
			for _, v := range victims {
				cancelling.Go(func() { p.Cancel(v) })
			}
			got := reap(t, p, 20)
			cancelling.Wait()
			require.ElementsMatch(t, ops, got)
			failed := false
			for _, op := range ops {
				if op.Err != nil {
					require.ErrorIs(t, op.Err, backend.ErrCanceled)
				}
				require.Equal(t, op.Err == nil, op.Info.Mode.IsDir())
				require.False(t, failed && op.Err == nil, "a member ran after one that was cancelled")
				failed = op.Err != nil && op.Link
			}
		}
	})
}
