//go:build linux && (amd64 || arm64)

package uring

import (
	"sync"
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// finishedQueue holds operations that finished when nobody had room for them.
type finishedQueue struct {
	n   atomic.Int64 // len(ops), for a look without the lock
	mu  sync.Mutex
	ops []*backend.Op
}

func (q *finishedQueue) put(op *backend.Op) {
	q.mu.Lock()
	q.ops = append(q.ops, op)
	q.n.Add(1)
	q.mu.Unlock()
}

func (q *finishedQueue) take(done []*backend.Op) int {
	if q.n.Load() == 0 || len(done) == 0 {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	n := copy(done, q.ops)
	rest := copy(q.ops, q.ops[n:])
	clear(q.ops[rest:]) // the caller's now: keep nothing alive
	q.ops = q.ops[:rest]
	q.n.Add(int64(-n))
	return n
}

// take moves finished operations to done and gives back their depth.
func (e *Engine) take(done []*backend.Op) int {
	n := e.finished.take(done)
	if n > 0 {
		e.inFlight.Add(int64(-n))
	}
	return n
}
