package threadpool

import "sync"

// listQueue is a linked list under a mutex.
type listQueue struct {
	mu     sync.Mutex
	more   sync.Cond // head is not nil, or closed is set
	head   *task
	tail   *task
	closed bool
}

func newListQueue() *listQueue {
	q := &listQueue{}
	q.more.L = &q.mu
	return q
}

func (q *listQueue) push(list *task) {
	last := list
	for last.next != nil {
		last = last.next
	}
	q.mu.Lock()
	if q.head == nil {
		q.head = list
	} else {
		q.tail.next = list
	}
	q.tail = last
	q.mu.Unlock()
	q.more.Signal()
}

func (q *listQueue) pop() *task {
	q.mu.Lock()
	for q.head == nil {
		if q.closed {
			q.mu.Unlock()
			return nil
		}
		q.more.Wait()
	}
	t := q.head
	q.head = t.next
	more := q.head != nil
	q.mu.Unlock()
	t.next = nil
	if more {
		q.more.Signal()
	}
	return t
}

func (q *listQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.more.Broadcast()
}
