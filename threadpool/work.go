package threadpool

import "github.com/ringbox/ringbox/fsapi/backend"

// work is the life of a worker.
func (p *Pool) work() {
	for {
		t := p.queue.pop()
		if t == nil {
			return
		}
		if p.claim(t) {
			t.run()
			p.mu.Lock()
			wake := p.finish(t)
			p.release(t)
			p.mu.Unlock()
			if wake {
				p.more.Signal()
			}
		}
	}
}

// claim makes t, which the caller has taken from the queue, running. It
// reports false if t was withdrawn meanwhile; t is free then.
func (p *Pool) claim(t *task) bool {
	for !t.state.CompareAndSwap(waiting, running) {
		p.mu.Lock()
		gone := t.state.Load() == withdrawn
		if gone {
			p.release(t)
		}
		p.mu.Unlock()
		if gone {
			return false
		}
		// Submit has filled it again: it is the task in this place now.
	}
	return true
}

// finish hands the operations of t, which have their results, to whoever
// reaps. It reports whether one of those must be woken, which is better done
// without the lock that they want next.
func (p *Pool) finish(t *task) (wake bool) {
	wake = p.done.n == 0
	for _, op := range t.chain() {
		p.places[op.Slot.Index()] = place{}
		p.done.add(op)
	}
	p.stats.Finished += uint64(t.n)
	t.clear()
	if p.live--; p.live == 0 && p.closed {
		p.drained.Signal()
	}
	return wake
}

// release puts t on the list of free tasks.
func (p *Pool) release(t *task) {
	t.state.Store(running) // anything but withdrawn
	t.next, p.free = p.free, t
}

// Cancel implements backend.Backend. Operations that wait behind busy workers
// come back at once; of a chain that a worker has begun, or that closes a
// file, the members that have not started come back when the worker gets there.
func (p *Pool) Cancel(op *backend.Op) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots.Get(op.Slot) != op {
		return // not in flight
	}
	at := p.places[op.Slot.Index()]
	if at.task == nil {
		return // finished, and not reaped yet
	}
	at.task.cutAt(at.member)
	if at.member == 0 && !at.task.closes() && at.task.state.CompareAndSwap(waiting, withdrawn) {
		backend.CancelChain(at.task.chain())
		if p.finish(at.task) {
			p.more.Signal()
		}
	}
}
