package threadpool

// queue hands tasks from submitters to workers, first in, first out for each
// submitter.
//
// Both implementations keep to one rule about wake-ups: push wakes one worker,
// whatever the length of the list, and a worker that takes a task while more
// are there wakes the next one before it starts to work. So a submitter pays
// for one wake-up a batch, and still no task waits for the end of another one
// while a worker is parked.
type queue interface {
	// push appends the tasks of a list linked by task.next; at most as many
	// tasks as the queue was made for are in it at any time. It never waits
	// for a worker's task to end.
	push(list *task)
	// pop removes the oldest task, parked until there is one. It returns nil
	// once the queue is closed and empty.
	pop() *task
	// close ends the queue. Whoever calls it makes sure that nobody pushes a
	// task that matters any more.
	close()
}

func newQueue(kind QueueKind, capacity int) queue {
	if kind == LockFreeQueue {
		return newRingQueue(capacity)
	}
	return newListQueue()
}
