//go:build linux && (amd64 || arm64)

package uring

import (
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"

	abi "github.com/iceber/iouring-go/syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Engine executes operations on a set of rings. See the package comment.
type Engine struct {
	caps     backend.Capabilities
	depth    int
	shards   []*shard
	home     sync.Pool // of *shard: what the running P used last
	inFlight atomic.Int64
	finished finishedQueue
	wakeups  *wakeups
	helpers  helperPool
	registry registry

	closing  atomic.Bool // no new operations
	drained  atomic.Bool // nothing is in flight any more
	broken   atomic.Pointer[error]
	closeOne sync.Once
}

var (
	_ backend.Backend   = (*Engine)(nil)
	_ backend.NowReader = (*Engine)(nil)
	_ backend.Locker    = (*Engine)(nil)
)

// New sets the rings up. Its error wraps backend.ErrUnavailable and the errno,
// and says what an operator can do.
func New(o Options) (*Engine, error) { return newEngine(o, abi.IOURingSetup) }

func newEngine(o Options, setup setupFunc) (*Engine, error) {
	o = o.withDefaults()
	e := &Engine{depth: o.Depth, helpers: helperPool{limit: maxHelpers}}
	err := backend.StartPoller()
	if err != nil {
		return nil, unavailable("network poller", err)
	}
	if e.wakeups, err = newWakeups(); err != nil {
		return nil, unavailable("eventfd", err)
	}
	for range o.Rings {
		s, err := openShard(e, o, setup)
		if err != nil {
			e.free()
			return nil, err
		}
		e.shards = append(e.shards, s)
	}
	e.home.New = e.assignHome()
	first := e.shards[0]
	e.caps = backend.Capabilities{
		Name:   "uring",
		Detail: fmt.Sprintf("%d rings, set-up flags %#x, features %#x", o.Rings, first.ring.flags, first.ring.features),
		Depth:  o.Depth,
		Native: first.native,
		Chains: true,
	}
	return e, nil
}

func (o Options) withDefaults() Options {
	if o.Depth <= 0 {
		o.Depth = defaultDepth
	}
	if o.Rings <= 0 {
		o.Rings = runtime.GOMAXPROCS(0)
	}
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	o.Depth = min(max(o.Depth, backend.MaxChain), maxDepth)
	o.Rings = min(o.Rings, maxRings)
	return o
}

// submissionEntries is the length of a submission queue: enough that a batch
// goes down in one call, and that a whole chain always fits.
func (o Options) submissionEntries() int {
	return min(max(ceilPowerOfTwo(o.Depth), 2*maxRun), 256)
}

// completionEntries leaves room for every operation with its auxiliary
// entries; beyond it the kernel keeps completions in a list, at a price.
func (o Options) completionEntries() int {
	return max(4*o.submissionEntries(), 2*ceilPowerOfTwo(o.Depth))
}

func ceilPowerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// assignHome returns what gives Ps their shards: each a different one.
func (e *Engine) assignHome() func() any {
	var next atomic.Uint32
	return func() any { return e.shards[int(next.Add(1))%len(e.shards)] }
}

// free releases all rings and the eventfd.
func (e *Engine) free() {
	for _, s := range e.shards {
		s.release()
	}
	e.wakeups.close()
}

// Capabilities implements backend.Backend.
func (e *Engine) Capabilities() backend.Capabilities { return e.caps }

// ReadNow implements backend.NowReader.
func (e *Engine) ReadNow(h *backend.Handle, p []byte, off int64) (int, bool) {
	return backend.ReadNow(h, p, off)
}

// TryLock implements backend.Locker.
func (e *Engine) TryLock(h *backend.Handle, path string, kind backend.LockKind) (backend.Lock, bool, error) {
	return backend.TryLock(h, path, kind)
}

// Stats returns the counters of all rings.
func (e *Engine) Stats() Stats {
	var sum Stats
	for _, s := range e.shards {
		s.mu.Lock()
		sum.Enters += s.stats.Enters
		sum.Submitted += s.stats.Submitted
		sum.Completed += s.stats.Completed
		sum.Helped += s.stats.Helped
		sum.Overflows += s.stats.Overflows
		s.mu.Unlock()
	}
	return sum
}
