package threadpool

import (
	"runtime"
	"sync/atomic"
)

// ringQueue is the bounded multi-producer multi-consumer queue of Dmitry
// Vyukov (1024cores.net, "Bounded MPMC queue"): a ring of cells, each with a
// sequence number that says whose turn it is. A cell at position pos is free
// for the producer when its turn is pos, full for the consumer when it is
// pos+1, and free for the next lap when it is pos+capacity. Producers compete
// for tail, consumers for head, and the two sides never meet in one variable.
type ringQueue struct {
	cells []cell // a power of two
	_     cacheLine
	tail  atomic.Uint64 // next position to push to
	_     cacheLine
	head  atomic.Uint64 // next position to pop from
	_     cacheLine
	work  eventCount // head's cell is full, or closed is set
	ended atomic.Bool
}

type cell struct {
	turn atomic.Uint64
	task *task
}

// cacheLine keeps what stands before it and after it in different cache lines.
type cacheLine [64]byte

func newRingQueue(capacity int) *ringQueue {
	n := 2 // with one cell, full and free for the next lap would be one number
	for n < capacity {
		n *= 2
	}
	q := &ringQueue{cells: make([]cell, n)}
	for i := range q.cells {
		q.cells[i].turn.Store(uint64(i))
	}
	q.work.init()
	return q
}

func (q *ringQueue) at(pos uint64) *cell { return &q.cells[pos&uint64(len(q.cells)-1)] }

func (q *ringQueue) push(list *task) {
	for t := list; t != nil; {
		next := t.next // t is the worker's as soon as it is in the ring
		t.next = nil
		for !q.tryPush(t) {
			// There is room for every task, but a consumer that took the cell
			// a lap ago has not given it back yet: it is between two
			// instructions.
			runtime.Gosched()
		}
		t = next
	}
	q.work.notify()
}

func (q *ringQueue) tryPush(t *task) bool {
	for {
		pos := q.tail.Load()
		c := q.at(pos)
		ahead := int64(c.turn.Load() - pos)
		if ahead < 0 {
			return false
		}
		// ahead > 0: another producer took this position meanwhile.
		if ahead == 0 && q.tail.CompareAndSwap(pos, pos+1) {
			c.task = t
			c.turn.Store(pos + 1)
			return true
		}
	}
}

func (q *ringQueue) tryPop() *task {
	for {
		pos := q.head.Load()
		c := q.at(pos)
		ahead := int64(c.turn.Load() - (pos + 1))
		if ahead < 0 {
			return nil
		}
		if ahead == 0 && q.head.CompareAndSwap(pos, pos+1) {
			t := c.task
			c.task = nil
			c.turn.Store(pos + uint64(len(q.cells)))
			return t
		}
	}
}

// ready reports whether a task can be popped.
func (q *ringQueue) ready() bool {
	pos := q.head.Load()
	return int64(q.at(pos).turn.Load()-(pos+1)) >= 0
}

// pop parks when it finds nothing. No wake-up is lost:
//
//   - A task becomes poppable when its producer has filled its cell and every
//     cell before it has been taken. So it is made poppable by its producer, or
//     by the consumer that takes the cell before it; both look for parked
//     workers after that, the producer in push, the consumer here.
//   - A worker announces itself in the event count and then looks once more. If
//     it still finds nothing, the task became poppable later than that look, so
//     that whoever made it so sees the announcement: all of these are atomic
//     operations, which Go orders in one sequence.
func (q *ringQueue) pop() *task {
	for {
		if t := q.tryPop(); t != nil {
			return q.passOn(t)
		}
		key := q.work.prepare()
		if t := q.tryPop(); t != nil {
			q.work.cancel()
			return q.passOn(t)
		}
		if q.ended.Load() {
			q.work.cancel()
			return nil
		}
		q.work.wait(key)
	}
}

// passOn wakes another worker if there is more to do.
func (q *ringQueue) passOn(t *task) *task {
	if q.ready() {
		q.work.notify()
	}
	return t
}

func (q *ringQueue) close() {
	q.ended.Store(true)
	q.work.notifyAll()
}
