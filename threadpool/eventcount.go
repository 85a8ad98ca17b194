package threadpool

import (
	"sync"
	"sync/atomic"
)

// eventCount parks goroutines until a condition that they check without a lock
// may have come true. A waiter calls prepare, checks the condition once more,
// and then calls either cancel or wait with the key. Who makes the condition
// true calls notify after that, which costs one atomic load if nobody waits.
//
// A notification between prepare and wait changes the epoch, so that wait
// returns at once; a later one finds the waiter on the condition variable.
type eventCount struct {
	waiters atomic.Int64 // prepared and not yet back
	epoch   atomic.Uint64
	mu      sync.Mutex // held to change epoch
	changed sync.Cond
}

func (e *eventCount) init() { e.changed.L = &e.mu }

func (e *eventCount) prepare() (key uint64) {
	e.waiters.Add(1)
	return e.epoch.Load()
}

func (e *eventCount) cancel() { e.waiters.Add(-1) }

// wait returns after a notification that came after prepare returned key, or
// perhaps for no reason: the caller checks its condition again.
func (e *eventCount) wait(key uint64) {
	e.mu.Lock()
	if e.epoch.Load() == key {
		e.changed.Wait()
	}
	e.mu.Unlock()
	e.waiters.Add(-1)
}

// notify wakes one waiter, and makes those that have only prepared look again.
func (e *eventCount) notify() {
	if e.waiters.Load() > 0 {
		e.advance()
		e.changed.Signal()
	}
}

func (e *eventCount) notifyAll() {
	e.advance()
	e.changed.Broadcast()
}

func (e *eventCount) advance() {
	e.mu.Lock()
	e.epoch.Add(1)
	e.mu.Unlock()
}
