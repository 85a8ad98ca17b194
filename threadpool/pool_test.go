package threadpool

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// newPool returns a pool that is closed when the test ends, with all of its
// goroutines gone.
func newPool(t testing.TB, o Options) *Pool {
	t.Helper()
	before := runtime.NumGoroutine()
	p, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Close())
		require.NoError(t, p.Close(), "a second time")
		require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, // +1: the one that asks
			10*time.Second, time.Millisecond, "goroutines are left")
	})
	return p
}

func nops(n int) []*backend.Op {
	ops := make([]*backend.Op, n)
	for i := range ops {
		ops[i] = &backend.Op{}
	}
	return ops
}

// link makes one chain of ops.
func link(ops ...*backend.Op) []*backend.Op {
	for _, op := range ops[:len(ops)-1] {
		op.Link = true
	}
	return ops
}

// submit starts all of ops.
func submit(t testing.TB, p *Pool, ops ...*backend.Op) {
	t.Helper()
	started, _, err := p.Submit(ops, nil)
	require.NoError(t, err)
	require.Equal(t, len(ops), started)
}

// reap waits for exactly n operations.
func reap(t testing.TB, p *Pool, n int) []*backend.Op {
	t.Helper()
	var all []*backend.Op
	for len(all) < n {
		done := make([]*backend.Op, n-len(all))
		got, err := p.Reap(done)
		require.NoError(t, err)
		for _, op := range done[:got] {
			require.Zero(t, op.Slot)
		}
		all = append(all, done[:got]...)
	}
	return all
}

func TestWorkersStartOnDemand(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 3, Queue: kind})
		require.Equal(t, Stats{}, p.Stats())
		for range 5 {
			submit(t, p, &backend.Op{})
			reap(t, p, 1)
		}
		require.Equal(t, Stats{Finished: 5, Workers: 1}, p.Stats(), "one at a time needs one")
		submit(t, p, nops(20)...)
		reap(t, p, 20)
		require.Equal(t, 3, p.Stats().Workers)
	})
}

func TestSubmitHandsOutWhatHasFinished(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Queue: kind, Depth: backend.MaxChain})
		first := nops(backend.MaxChain)
		submit(t, p, first...)
		for p.Stats().Finished < backend.MaxChain {
			runtime.Gosched()
		}
		started, finished, err := p.Submit(nops(1), nil)
		require.NoError(t, err)
		require.Equal(t, []int{0, 0}, []int{started, finished}, "finished operations hold their place until they are taken")

		done := make([]*backend.Op, 3)
		started, finished, err = p.Submit(nops(4), done)
		require.NoError(t, err)
		require.Equal(t, []int{3, 3}, []int{started, finished}, "as many as were taken")
		require.Subset(t, first, done)
		reap(t, p, backend.MaxChain)
	})
}

func TestSubmitRefusesAChainThatIsTooLong(t *testing.T) {
	p := newPool(t, Options{})
	ops := append(nops(2), link(nops(backend.MaxChain+1)...)...)
	started, _, err := p.Submit(ops, nil)
	require.ErrorIs(t, err, backend.ErrInvalid)
	require.Equal(t, 2, started, "what comes before it runs")
	reap(t, p, 2)
	require.Zero(t, ops[2].Slot)
}

func TestOperationsDoNotAllocate(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, make([]byte, 8192), 0o600))
		p := newPool(t, Options{Queue: kind})
		h := &backend.Handle{}
		submit(t, p, &backend.Op{Kind: backend.OpOpen, Path: path, Handle: h})
		require.NoError(t, reap(t, p, 1)[0].Err)

		ops := make([]*backend.Op, 16)
		for i := range ops {
			ops[i] = &backend.Op{Kind: backend.OpRead, Path: path, Handle: h, Off: int64(i * 512), Buf: make([]byte, 512), Link: i%4 != 3}
		}
		done := make([]*backend.Op, len(ops))
		allocs := testing.AllocsPerRun(500, func() {
			p.Submit(ops, nil)
			for n := 0; n < len(ops); {
				m, _ := p.Reap(done)
				n += m
			}
		})
		require.Zero(t, allocs)
		for _, op := range ops {
			require.NoError(t, op.Err)
			require.Equal(t, 512, op.N)
		}
		submit(t, p, &backend.Op{Kind: backend.OpClose, Handle: h})
		require.NoError(t, reap(t, p, 1)[0].Err)
	})
}
