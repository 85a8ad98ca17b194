//go:build linux && (amd64 || arm64)

package uring

import "sync"

// Close implements backend.Backend.
func (e *Engine) Close() error {
	e.closeOne.Do(func() {
		e.closing.Store(true)
		for e.failure() == nil && !e.awaitQuiet() {
		}
		e.helpers.gone.Wait()
		if e.failure() != nil {
			abandon(e.shards)
		}
		e.drained.Store(true)
		e.free()
	})
	return nil
}

// awaitQuiet reports true if nothing is in flight, or waits for a change.
func (e *Engine) awaitQuiet() bool {
	generation := e.wakeups.enter()
	defer e.wakeups.leave()
	left, stuck := e.unfinished()
	if left == 0 {
		return true
	}
	e.pause(generation, stuck)
	return false
}

// unfinished collects what has finished and returns how many operations have
// not. Passing through the locks makes sure that no Submit that has not seen
// closing is still at work.
func (e *Engine) unfinished() (left int, stuck bool) {
	for _, s := range e.shards {
		s.mu.Lock()
		_, stays := s.collect(nil)
		left, stuck = left+int(s.busy.Load()), stuck || stays
	}
	return left, stuck
}

// abandoned keeps the memory of broken rings for good: the kernel may still
// write to the buffers of operations that it never reported.
var abandoned struct {
	mu     sync.Mutex
	shards []*shard
}

func abandon(shards []*shard) {
	abandoned.mu.Lock()
	defer abandoned.mu.Unlock()
	abandoned.shards = append(abandoned.shards, shards...)
}
