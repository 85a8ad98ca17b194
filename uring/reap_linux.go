//go:build linux && (amd64 || arm64)

package uring

import (
	"fmt"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Reap implements backend.Backend.
func (e *Engine) Reap(done []*backend.Op) (int, error) {
	if len(done) == 0 {
		return 0, nil
	}
	for {
		n := e.take(done)
		if n += e.harvest(done[n:]); n == 0 {
			n = e.await(done)
		}
		if e.finished.n.Load() > 0 {
			e.wakeups.notify() // somebody else may be waiting for these
		}
		if n > 0 {
			return n, nil
		}
		if err := e.over(); err != nil {
			return 0, err
		}
	}
}

// over returns why nothing will ever finish any more, or nil.
func (e *Engine) over() error {
	if e.drained.Load() && e.finished.n.Load() == 0 {
		return backend.ErrClosed
	}
	if e.finished.n.Load() == 0 {
		return e.failure()
	}
	return nil
}

// harvest collects completions from every shard that nobody else looks after
// right now.
func (e *Engine) harvest(done []*backend.Op) (n int) {
	for _, s := range e.shards {
		if n == len(done) {
			break
		}
		if s.busy.Load() > 0 && s.mu.TryLock() {
			given, _ := s.collect(done[n:])
			n += given
		}
	}
	return n
}

// await waits until something may have finished and collects it; it may find
// nothing.
func (e *Engine) await(done []*backend.Op) int {
	generation := e.wakeups.enter()
	defer e.wakeups.leave()
	n, stuck := e.sweep(done)
	if n == 0 && e.over() == nil {
		e.pause(generation, stuck)
	}
	return n
}

// pause waits for a wake-up. If the kernel is short of memory, and nothing is
// under way whose end would wake us, trying again is all that is left.
func (e *Engine) pause(generation uint64, stuck bool) {
	if stuck {
		time.Sleep(time.Millisecond)
		return
	}
	e.wakeups.wait(generation)
}

// sweep collects completions from every shard, and leaves the eventfd of those
// switched on from which more will come.
func (e *Engine) sweep(done []*backend.Op) (n int, stuck bool) {
	for _, s := range e.shards {
		if s.busy.Load() > 0 {
			s.mu.Lock()
			given, stays := s.collect(done[n:])
			n, stuck = n+given, stuck || stays
		}
	}
	return n + e.take(done[n:]), stuck
}

// collect works on a shard that is locked, and unlocks it.
func (s *shard) collect(done []*backend.Op) (given int, stuck bool) {
	if s.ring != nil {
		s.out = done
		s.drive()
	}
	return s.unlock()
}

// fail makes the engine unusable: it may have lost an operation.
func (e *Engine) fail(err error) {
	err = fmt.Errorf("uring: the engine is broken: %w", err)
	e.broken.CompareAndSwap(nil, &err)
	e.wakeups.notify()
}

// failure returns what fail was given first.
func (e *Engine) failure() error {
	if err := e.broken.Load(); err != nil {
		return *err
	}
	return nil
}
