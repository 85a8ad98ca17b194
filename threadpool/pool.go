package threadpool

import (
	"fmt"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Pool is a backend.Backend that executes operations on worker goroutines.
type Pool struct {
	options Options
	queue   queue
	workers sync.WaitGroup
	closing sync.Once

	mu      sync.Mutex
	more    sync.Cond      // done has grown from nothing, or nothing more will come
	drained sync.Cond      // closed, and no task is live
	slots   *backend.Slots // operations from Submit until they are reaped
	places  []place        // beside slots: where the operation is
	tasks   []task
	free    *task // list of tasks that are nowhere
	live    int   // tasks that are waiting or running
	done    doneList
	closed  bool
	stats   Stats
}

// place says which member of which task an operation is; the zero place: of
// none, it has finished.
type place struct {
	task   *task
	member int
}

// Stats counts what a Pool has done.
type Stats struct {
	Finished uint64 // operations that have come to an end, cancelled ones included
	Workers  int    // workers started; they stay, parked, until Close
}

var (
	_ backend.Backend   = (*Pool)(nil)
	_ backend.NowReader = (*Pool)(nil)
	_ backend.Locker    = (*Pool)(nil)
)

// New returns a pool, which has no workers yet: they start as work comes. An
// error wraps backend.ErrInvalid and names the field of o that is wrong.
func New(o Options) (*Pool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("thread pool options: %w", err)
	}
	p := &Pool{
		options: o,
		queue:   newQueue(o.Queue, o.Depth),
		slots:   backend.NewSlots(o.Depth),
		places:  make([]place, o.Depth),
		tasks:   make([]task, o.Depth),
		done:    doneList{ring: make([]*backend.Op, o.Depth)},
	}
	p.more.L, p.drained.L = &p.mu, &p.mu
	for i := range p.tasks {
		p.release(&p.tasks[i])
	}
	return p, nil
}

// Capabilities implements backend.Backend.
func (p *Pool) Capabilities() backend.Capabilities {
	return backend.Capabilities{
		Name:   "threadpool",
		Detail: fmt.Sprintf("at most %d workers, %v queue", p.options.Workers, p.options.Queue),
		Depth:  p.options.Depth,
		Native: backend.AllKinds,
		Chains: true,
	}
}

// Stats returns the counters as they are now.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Close implements backend.Backend. It returns when the last operation in
// flight has finished and the workers have ended; a call that comes while
// another one is at it waits as well.
func (p *Pool) Close() error {
	p.closing.Do(func() {
		p.mu.Lock()
		p.closed = true
		for p.live > 0 {
			p.drained.Wait()
		}
		p.mu.Unlock()
		p.more.Broadcast() // no operation will come any more
		p.queue.close()
		p.workers.Wait()
	})
	return nil
}

// ReadNow implements backend.NowReader, where the platform has such a read.
func (p *Pool) ReadNow(h *backend.Handle, buf []byte, off int64) (int, bool) {
	return backend.ReadNow(h, buf, off)
}

// TryLock implements backend.Locker.
func (p *Pool) TryLock(h *backend.Handle, path string, kind backend.LockKind) (backend.Lock, bool, error) {
	return backend.TryLock(h, path, kind)
}
