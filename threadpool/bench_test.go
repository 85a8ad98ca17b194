package threadpool

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

const (
	benchBlock  = 4096
	benchBlocks = 4096
)

// cachedFile opens a file that the page cache holds.
func cachedFile(tb testing.TB) *backend.Handle {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "blocks")
	require.NoError(tb, os.WriteFile(path, make([]byte, benchBlock*benchBlocks), 0o600))
	h := &backend.Handle{}
	open := &backend.Op{Kind: backend.OpOpen, Path: path, Handle: h}
	backend.Execute(open)
	require.NoError(tb, open.Err)
	tb.Cleanup(func() { backend.Execute(&backend.Op{Kind: backend.OpClose, Handle: h}) })
	return h
}

func randomOffset(r *rand.Rand) int64 { return r.Int64N(benchBlocks) * benchBlock }

// BenchmarkPread is what the pool competes with: goroutines that read for
// themselves.
func BenchmarkPread(b *testing.B) {
	for _, goroutines := range []int{1, 10, 32} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			h := cachedFile(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(g), 1))
					op := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, benchBlock)}
					for left.Add(-1) >= 0 {
						op.Off = randomOffset(r)
						backend.Execute(op)
					}
				})
			}
			wg.Wait()
		})
	}
}

const inFlightEach = 8 // operations in flight for each submitter

// BenchmarkRead compares the queues at work: every submitter keeps reads of a
// cached file in flight.
func BenchmarkRead(b *testing.B) {
	h := cachedFile(b)
	compareQueues(b, func(r *rand.Rand, op *backend.Op) {
		op.Kind, op.Handle, op.Off = backend.OpRead, h, randomOffset(r)
		if op.Buf == nil {
			op.Buf = make([]byte, benchBlock)
		}
	})
}

// BenchmarkNop compares the queues alone: the operations do nothing.
func BenchmarkNop(b *testing.B) { compareQueues(b, func(*rand.Rand, *backend.Op) {}) }

func compareQueues(b *testing.B, prepare func(*rand.Rand, *backend.Op)) {
	for _, submitters := range []int{1, 2, 8, 32} {
		for _, workers := range []int{1, 2, 4, 10, 32} {
			for _, kind := range queueKinds {
				name := fmt.Sprintf("submitters=%d/workers=%d/queue=%v", submitters, workers, kind)
				b.Run(name, func(b *testing.B) {
					p, err := New(Options{Workers: workers, Depth: 32 * inFlightEach, Queue: kind})
					require.NoError(b, err)
					b.ReportAllocs()
					b.ResetTimer()
					keepInFlight(b, p, submitters, prepare)
					b.StopTimer()
					require.NoError(b, p.Close())
				})
			}
		}
	}
}

// keepInFlight does b.N operations. A submitter goes on with whichever
// operations it has reaped, its own or others'; since it holds at most as many
// as it brought along, there is always something in flight for one that waits.
func keepInFlight(b *testing.B, p *Pool, submitters int, prepare func(*rand.Rand, *backend.Op)) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var running sync.WaitGroup
	for s := range submitters {
		running.Go(func() {
			r := rand.New(rand.NewPCG(uint64(s), 1))
			ops := nops(inFlightEach)
			mine := ops
			for left.Add(-int64(len(mine))) >= 0 {
				for _, op := range mine {
					prepare(r, op)
				}
				p.Submit(mine, nil)
				n, err := p.Reap(ops)
				if err != nil {
					b.Error(err)
					return
				}
				mine = ops[:n]
			}
		})
	}
	running.Wait()
}
