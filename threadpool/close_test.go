package threadpool

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestCloseMeetsSubmit: what Submit says it has started comes back, however
// close Close is behind it.
func TestCloseMeetsSubmit(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		for range 300 {
			p, err := New(Options{Queue: kind, Workers: 2, Depth: 64})
			require.NoError(t, err)
			var begun, submitting sync.WaitGroup
			var total atomic.Int64
			for range 3 {
				begun.Add(1)
				submitting.Go(func() {
					begun.Done()
					ops := nops(20)
					for {
						n, _, err := p.Submit(ops[:min(len(ops), 2)], nil)
						total.Add(int64(n))
						if ops = ops[n:]; err != nil || len(ops) == 0 {
							return
						}
					}
				})
			}
			begun.Wait()
			require.NoError(t, p.Close())
			submitting.Wait()
			reap(t, p, int(total.Load()))
			_, err = p.Reap(nil)
			require.ErrorIs(t, err, backend.ErrClosed)
		}
	})
}

// TestCloseWaitsForASlowSubmit: one that has been admitted and has not reached
// the queue yet still finds workers there.
func TestCloseWaitsForASlowSubmit(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Queue: kind})
		op := &backend.Op{}
		p.mu.Lock() // the first half of Submit
		_, batch, err := p.admit([]*backend.Op{op})
		p.hire()
		p.mu.Unlock()
		require.NoError(t, err)

		closed := make(chan struct{})
		go func() {
			p.Close()
			close(closed)
		}()
		for submitErr := error(nil); submitErr == nil; _, _, submitErr = p.Submit(nops(backend.MaxChain), make([]*backend.Op, backend.MaxChain)) {
			runtime.Gosched()
		}
		for range 1000 {
			runtime.Gosched() // a Close that does not wait is through by now
		}
		p.queue.push(batch)
		<-closed
		for {
			done := make([]*backend.Op, 1)
			n, err := p.Reap(done)
			require.NoError(t, err)
			if n == 1 && done[0] == op {
				return
			}
		}
	})
}

func TestCloseWakesReapers(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Queue: kind})
		var reapers sync.WaitGroup
		for range 3 {
			reapers.Go(func() {
				_, err := p.Reap(make([]*backend.Op, 1))
				require.ErrorIs(t, err, backend.ErrClosed)
			})
		}
		require.NoError(t, p.Close())
		reapers.Wait()
		_, _, err := p.Submit(nil, nil)
		require.NoError(t, err, "Submit of nothing only reaps")
	})
}
