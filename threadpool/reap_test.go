package threadpool

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestReapersShareTheWork: every operation comes back to one of them, none of
// them sleeps while something is there, and Close sends all of them home.
func TestReapersShareTheWork(t *testing.T) {
	const submitters, reapers, each = 4, 5, 2000
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Queue: kind, Depth: 32})
		var submitting, reaping sync.WaitGroup
		counts := make([]map[*backend.Op]int, reapers)
		for r := range reapers {
			counts[r] = map[*backend.Op]int{}
			reaping.Go(func() {
				done := make([]*backend.Op, 1+r%3)
				for {
					n, err := p.Reap(done)
					if err != nil {
						require.ErrorIs(t, err, backend.ErrClosed)
						return
					}
					for _, op := range done[:n] {
						counts[r][op]++
					}
				}
			})
		}
		for range submitters {
			submitting.Go(func() {
				for rest := nops(each); len(rest) > 0; {
					n, _, err := p.Submit(rest[:min(7, len(rest))], nil)
					require.NoError(t, err)
					rest = rest[n:]
					runtime.Gosched()
				}
			})
		}
		submitting.Wait()
		require.NoError(t, p.Close())
		reaping.Wait()
		all := map[*backend.Op]int{}
		for _, c := range counts {
			for op, n := range c {
				all[op] += n
				require.Equal(t, 1, all[op])
			}
		}
		require.Len(t, all, submitters*each)
	})
}

// TestReapersWakeEachOther: operations that finish together go to reapers that
// take one each. A wake-up too few hangs it.
func TestReapersWakeEachOther(t *testing.T) {
	const reapers, rounds = 3, 2000
	p := newPool(t, Options{})
	var reaping, round sync.WaitGroup
	next := make(chan struct{})
	for range reapers {
		reaping.Go(func() {
			done := make([]*backend.Op, 1)
			for range rounds {
				n, err := p.Reap(done)
				require.NoError(t, err)
				require.Equal(t, 1, n)
				round.Done()
				<-next
			}
		})
	}
	chain := link(nops(reapers)...)
	for range rounds {
		round.Add(reapers)
		submit(t, p, chain...)
		round.Wait()
		for range reapers {
			next <- struct{}{}
		}
	}
	reaping.Wait()
}

// TestLoneReaperWakes: one operation at a time between three goroutines that
// park in turn. A lost wake-up hangs it.
func TestLoneReaperWakes(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Queue: kind, Workers: 2})
		op := &backend.Op{}
		for range 20000 {
			submit(t, p, op)
			require.Same(t, op, reap(t, p, 1)[0])
		}
	})
}
