package threadpool

import "github.com/ringbox/ringbox/fsapi/backend"

// Submit implements backend.Backend. It hands out what has finished first, so
// that the room can be used by ops. It makes no system call other than to wake
// a worker or a thread of the runtime.
func (p *Pool) Submit(ops, done []*backend.Op) (started, finished int, err error) {
	p.mu.Lock()
	if p.closed && len(ops) > 0 {
		p.mu.Unlock()
		return 0, 0, backend.ErrClosed
	}
	finished = p.take(done)
	started, batch, err := p.admit(ops)
	p.hire()
	p.mu.Unlock()
	if batch != nil {
		p.queue.push(batch)
	}
	return started, finished, err
}

// admit makes tasks of the chains at the front of ops as long as there is room.
// It returns the number of operations and the list of those tasks that have no
// place in the queue yet.
func (p *Pool) admit(ops []*backend.Op) (started int, batch *task, err error) {
	end := &batch
	for started < len(ops) {
		chain, err := backend.NextChain(ops[started:])
		if err != nil || len(chain) > p.slots.Free() {
			return started, batch, err
		}
		if t := p.free; t != nil {
			p.free, t.next = t.next, nil
			p.start(t, chain)
			*end, end = t, &t.next
		} else {
			p.start(p.withdrawn(), chain)
		}
		started += len(chain)
	}
	return started, batch, nil
}

// start fills t with the operations of chain.
func (p *Pool) start(t *task, chain []*backend.Op) {
	for i, op := range chain {
		p.slots.Acquire(op)
		p.places[op.Slot.Index()] = place{t, i}
	}
	p.live++
	t.fill(chain)
}

// withdrawn returns a task that waits in the queue without operations. There
// is one when no task is free and a slot is: there are as many tasks as slots,
// and every live task has at least one.
func (p *Pool) withdrawn() *task {
	i := 0
	for p.tasks[i].state.Load() != withdrawn {
		i++
	}
	return &p.tasks[i]
}

// hire starts workers until there is one for every live task or their number
// is reached.
func (p *Pool) hire() {
	for p.stats.Workers < min(p.live, p.options.Workers) {
		p.stats.Workers++
		p.workers.Go(p.work)
	}
}

// Reap implements backend.Backend.
func (p *Pool) Reap(done []*backend.Op) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.done.n == 0 {
		if p.closed && p.live == 0 {
			return 0, backend.ErrClosed
		}
		p.more.Wait()
	}
	n := p.take(done)
	if p.done.n > 0 {
		p.more.Signal() // whoever else waits: only the first operation woke somebody
	}
	return n, nil
}

// take moves finished operations into done and gives up their slots.
func (p *Pool) take(done []*backend.Op) int {
	n := min(len(done), p.done.n)
	for i := range n {
		done[i] = p.done.take()
		p.slots.Release(done[i].Slot)
	}
	return n
}
