package fsapi

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Stats is a snapshot of what a file system has done so far.
type Stats struct {
	// Ops has an entry for each kind of operation that has been used, by name
	// ("open", "read", "fdatasync").
	Ops map[string]OpStats
	// CachedReads counts the Preads that the page cache answered at once; they
	// are no operations.
	CachedReads uint64
	OpenFiles   int   // handles not closed, or closed with something in flight
	Queued      int   // operations not submitted yet
	InFlight    int   // operations that the engine has
	Buffered    int64 // bytes of read-ahead and of unwritten data
}

// OpStats are the counters of one kind of operation.
type OpStats struct {
	Count   uint64 // finished, failed ones included
	Errors  uint64 // failed, cancelled ones included
	Bytes   uint64 // transferred
	Latency Histogram
}

// Histogram counts durations, from submission to completion, in buckets that
// are a quarter of a power of two wide.
type Histogram struct{ counts [histogramBuckets]uint64 }

const histogramBuckets = 64 * 4

// Count returns how many durations have been counted.
func (h *Histogram) Count() uint64 {
	n := uint64(0)
	for _, c := range h.counts {
		n += c
	}
	return n
}

// Quantile returns a duration that a share of q (0 to 1) of the durations do
// not exceed, at most a quarter too long; 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.Count())))
	seen := uint64(0)
	for i, c := range h.counts {
		seen += c
		if c > 0 && seen >= rank {
			return bucketLimit(i)
		}
	}
	return 0
}

// bucketOf returns the bucket of d: two bits for the position inside of the
// power of two.
func bucketOf(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < 4 {
		return int(v)
	}
	exp := bits.Len64(v) - 3
	return exp*4 + int(v>>exp)
}

// bucketLimit returns the longest duration in bucket i.
func bucketLimit(i int) time.Duration {
	if i < 8 {
		return time.Duration(i)
	}
	exp := i/4 - 1
	return time.Duration((uint64(i-exp*4)+1)<<exp - 1)
}

// stats are the live counters.
type stats struct {
	kinds  [backend.Kinds]kindStats
	cached atomic.Uint64 // of files that are gone
}

type kindStats struct {
	errors, bytes atomic.Uint64
	latency       [histogramBuckets]atomic.Uint64
}

// finished counts a request that has come back.
func (s *stats) finished(r *request, now time.Time) {
	k := &s.kinds[r.op.Kind]
	k.latency[bucketOf(now.Sub(r.started))].Add(1)
	if r.op.Err != nil {
		k.errors.Add(1)
	}
	if r.op.N > 0 {
		k.bytes.Add(uint64(r.op.N))
	}
}

func (s *stats) addReads(f *File) { s.cached.Add(f.reads) }

// Stats returns a snapshot. The counters are read one after the other while
// they go on counting.
func (fs *FS) Stats() Stats {
	out := Stats{
		Ops:         make(map[string]OpStats),
		CachedReads: fs.stats.cached.Load(),
		Queued:      int(fs.queue.waiting.Load()),
		InFlight:    int(fs.queue.flying.Load()),
		Buffered:    fs.budget.usage() + fs.copying.usage() + fs.fetching.usage(),
	}
	for i := range fs.stats.kinds {
		if o := fs.stats.kinds[i].snapshot(); o.Count > 0 {
			out.Ops[backend.Kind(i).String()] = o
		}
	}
	for _, f := range fs.openFiles() {
		f.mu.Lock()
		if !f.torn {
			out.CachedReads += f.reads
		}
		f.mu.Unlock()
		out.OpenFiles++
	}
	return out
}

func (k *kindStats) snapshot() OpStats {
	o := OpStats{Errors: k.errors.Load(), Bytes: k.bytes.Load()}
	for i := range k.latency {
		o.Latency.counts[i] = k.latency[i].Load()
	}
	o.Count = o.Latency.Count()
	return o
}
