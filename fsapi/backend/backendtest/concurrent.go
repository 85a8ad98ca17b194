package backendtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var concurrentCases = []testCase{
	{"everything", testConcurrent},
	{"wakes-reap", testSubmitWakesReap},
}

// tracked is the User of an operation in the concurrent test.
type tracked struct {
	finished atomic.Int32
	want     []byte
}

// testConcurrent: eight goroutines submit, reap what any of them submitted and
// cancel what may be finished already. Every operation comes back once.
func testConcurrent(r *rig) {
	const goroutines, rounds = 8, 60
	r = r.with(24)
	var files []string
	for i := range 5 {
		files = append(files, r.create(fmt.Sprint(i), pattern(uint64(i), 5000)))
	}
	var all sync.WaitGroup
	var submitters sync.WaitGroup
	total, finished := int64(0), new(atomic.Int64)
	batches := make([][][]*backend.Op, goroutines)
	for g := range batches {
		batches[g] = concurrentBatches(files, uint64(g), rounds)
		for _, ops := range batches[g] {
			total += int64(len(ops))
		}
	}
	for g := range goroutines {
		submitters.Go(func() { submitAll(r, batches[g], uint64(g), finished) })
		all.Go(func() {
			for { // until the end, also those that were submitted by others
				done := make([]*backend.Op, 3)
				n, err := r.b.Reap(done)
				if err != nil {
					return
				}
				finishTracked(r, done[:n], finished)
			}
		})
	}
	submitters.Wait()
	require.True(r, eventually(func() bool { return finished.Load() == total }), "%d of %d came back", finished.Load(), total)
	require.NoError(r, r.b.Close())
	all.Wait()
	require.Equal(r, total, finished.Load())
}

func concurrentBatches(files []string, seed uint64, rounds int) [][]*backend.Op {
	rng := rand.New(rand.NewPCG(seed, 1))
	var batches [][]*backend.Op
	for range rounds {
		var ops []*backend.Op
		for range 1 + rng.IntN(6) {
			i := rng.IntN(len(files))
			ops = append(ops, openReadClose(files[i], 5000)...)
			ops[len(ops)-2].User = &tracked{want: pattern(uint64(i), 5000)}
			ops = append(ops, &backend.Op{Kind: backend.OpStat, Path: files[i]})
		}
		for _, op := range ops {
			if op.User == nil {
				op.User = new(tracked)
			}
		}
		batches = append(batches, ops)
	}
	return batches
}

func submitAll(r *rig, batches [][]*backend.Op, seed uint64, finished *atomic.Int64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	for i, ops := range batches {
		for rest := ops; len(rest) > 0; {
			done := make([]*backend.Op, rng.IntN(4))
			started, n, err := r.b.Submit(rest, done)
			if err != nil {
				r.Errorf("Submit: %v", err)
				return
			}
			finishTracked(r, done[:n], finished)
			rest = rest[started:]
			if started == 0 {
				runtime.Gosched()
			}
		}
		if old := batches[rng.IntN(i+1)]; rng.IntN(3) == 0 {
			r.b.Cancel(old[rng.IntN(len(old))])
		}
	}
}

func finishTracked(r *rig, done []*backend.Op, finished *atomic.Int64) {
	for _, op := range done {
		u := op.User.(*tracked)
		if u.finished.Add(1) != 1 {
			r.Errorf("%v came back twice", op.Kind)
		}
		if op.Err == nil && u.want != nil && string(transferred(op)) != string(u.want) {
			r.Errorf("a read of %s brought other bytes", op.Path)
		}
		if op.Err != nil && !errors.Is(op.Err, backend.ErrCanceled) {
			r.Errorf("%v: %v", op.Kind, op.Err)
		}
		finished.Add(1)
	}
}

func testSubmitWakesReap(r *rig) {
	for range 50 {
		result := make(chan *backend.Op, 1)
		go func() {
			done := make([]*backend.Op, 1)
			if n, err := r.b.Reap(done); n != 1 || err != nil {
				r.Errorf("Reap: %d, %v", n, err)
			}
			result <- done[0]
		}()
		op := &backend.Op{Kind: backend.OpStat, Path: r.dir}
		started, _, err := r.b.Submit([]*backend.Op{op}, nil)
		require.NoError(r, err)
		require.Equal(r, 1, started)
		require.Same(r, op, <-result)
	}
}
