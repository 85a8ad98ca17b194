package fsapi

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

// BenchmarkLatency shows what a slow device does to a file system on the ring
// and on the pool: every read takes as long as the fault injector says, whatever
// the machine is doing. The pool is given its depth of ten blocked workers; what
// it cannot start waits. reads-in-parallel is the throughput times the latency:
// how many reads the device really saw at once.
func BenchmarkLatency(b *testing.B) {
	for _, latency := range []time.Duration{2 * time.Millisecond, 20 * time.Millisecond} {
		for _, kind := range []BackendKind{URing, ThreadPool} {
			for depth := 1; depth <= 256; depth *= 4 {
				b.Run(fmt.Sprintf("%v/%s/depth%d", latency, kind, depth), func(b *testing.B) {
					slow(b, kind, latency, depth)
				})
			}
		}
	}
}

func slow(b *testing.B, kind BackendKind, latency time.Duration, depth int) {
	var engine backend.Backend
	var err error
	if kind == URing {
		engine, err = uring.New(uring.Options{})
	} else {
		engine, err = threadpool.New(threadpool.Options{Workers: threadpool.DefaultWorkers, Depth: threadpool.DefaultWorkers})
	}
	if err != nil {
		b.Skip(err)
	}
	f := fault.Wrap(engine)
	f.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Times: fault.Always}.Delay(latency))
	fs, err := New(Options{Engine: f})
	require.NoError(b, err)
	defer fs.Close()
	path := fileOf(b, make([]byte, 4<<20))
	b.ResetTimer()
	randomReads(b, fs, path, depth)
	b.StopTimer()
	b.ReportMetric(float64(b.N)*latency.Seconds()/b.Elapsed().Seconds(), "reads-in-parallel")
}

// randomReads does b.N reads of 4 KiB, depth of them at a time.
func randomReads(b *testing.B, fs *FS, path string, depth int) {
	moved, buf, r := make(chan *File, depth), make([]byte, 4096), rand.New(rand.NewPCG(1, 2))
	offset := map[*File]int64{}
	for range depth {
		f := fs.Open(path, ReadOnly)
		defer f.Close()
		f.SetInputCallback(func() { moved <- f })
		offset[f] = r.Int64N(1024) * 4096
		moved <- f
	}
	for done := 0; done < b.N; {
		f := <-moved
		switch _, err := f.Pread(buf, offset[f]); err {
		case nil:
			done++
			offset[f] = r.Int64N(1024) * 4096
			moved <- f
		case ErrAgain:
		default:
			b.Fatal(err)
		}
	}
}
