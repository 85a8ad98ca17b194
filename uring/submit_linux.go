//go:build linux && (amd64 || arm64)

package uring

import "github.com/ringbox/ringbox/fsapi/backend"

// Submit implements backend.Backend.
func (e *Engine) Submit(ops, done []*backend.Op) (started, finished int, err error) {
	finished = e.take(done)
	if len(ops) == 0 {
		return 0, finished + e.harvest(done[finished:]), e.failure()
	}
	s := e.lockShard()
	s.out = done[finished:]
	started, err = e.start(s, ops)
	n, _ := s.unlock()
	e.home.Put(s)
	return started, finished + n, err
}

// lockShard locks the running P's own shard, or the next one that is free.
func (e *Engine) lockShard() *shard {
	home := e.home.Get().(*shard)
	if home.mu.TryLock() {
		return home
	}
	for i := 1; i < len(e.shards); i++ {
		if s := e.shards[(home.index+i)%len(e.shards)]; s.mu.TryLock() {
			return s
		}
	}
	home.mu.Lock()
	return home
}

// start takes whole chains from the front of ops as long as there is room.
// Operations that finish at once make room for more.
func (e *Engine) start(s *shard, ops []*backend.Op) (started int, err error) {
	if err := e.failure(); err != nil {
		return 0, err
	}
	if e.closing.Load() { // Close passes through every shard's lock after setting it
		return 0, backend.ErrClosed
	}
	s.quiet()
	for {
		n, err := e.admit(ops[started:])
		s.accept(ops[started : started+n])
		started += n
		s.drive()
		if s.makeRoom() == 0 || err != nil || started == len(ops) {
			return started, err
		}
	}
}

// admit reserves depth for the chains at the front of ops and returns how many
// operations they are.
func (e *Engine) admit(ops []*backend.Op) (int, error) {
	for {
		used := e.inFlight.Load()
		n, err := wholeChains(ops, e.depth-int(used))
		if n == 0 || e.inFlight.CompareAndSwap(used, used+int64(n)) {
			return n, err
		}
	}
}

func wholeChains(ops []*backend.Op, room int) (n int, err error) {
	for n < len(ops) {
		chain, err := backend.NextChain(ops[n:])
		if err != nil {
			return n, err
		}
		if n+len(chain) > room {
			break
		}
		n += len(chain)
	}
	return n, nil
}
