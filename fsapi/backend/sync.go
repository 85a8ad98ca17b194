package backend

import (
	"slices"
	"sync"
)

// Sync is the reference engine: it does every operation inside Submit, on the
// caller's goroutine. It breaks the promise that Submit does not wait, and no
// other; tests compare the real engines with it.
type Sync struct {
	depth  int
	mu     sync.Mutex
	more   sync.Cond // done has grown, or closed is set
	done   []*Op
	closed bool
}

var (
	_ Backend   = (*Sync)(nil)
	_ NowReader = (*Sync)(nil)
	_ Locker    = (*Sync)(nil)
)

// NewSync returns a reference engine that holds at most depth finished
// operations that nobody has reaped yet; 0 means 128.
func NewSync(depth int) *Sync {
	if depth <= 0 {
		depth = 128
	}
	s := &Sync{depth: max(depth, MaxChain)}
	s.more.L = &s.mu
	return s
}

// Capabilities implements Backend.
func (s *Sync) Capabilities() Capabilities {
	return Capabilities{Name: "sync", Detail: "every operation at once, on the submitting goroutine", Depth: s.depth, Native: AllKinds}
}

// Submit implements Backend.
func (s *Sync) Submit(ops, done []*Op) (started, finished int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && len(ops) > 0 {
		return 0, 0, ErrClosed
	}
	for started < len(ops) {
		var chain []*Op
		chain, err = NextChain(ops[started:])
		if err != nil || len(s.done)+len(chain) > s.depth {
			break
		}
		ExecuteChain(chain)
		s.done = append(s.done, chain...)
		started += len(chain)
	}
	finished = s.take(done)
	if len(s.done) > 0 {
		s.more.Broadcast()
	}
	return started, finished, err
}

// Reap implements Backend.
func (s *Sync) Reap(done []*Op) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.done) == 0 {
		if s.closed {
			return 0, ErrClosed
		}
		s.more.Wait()
	}
	return s.take(done), nil
}

func (s *Sync) take(done []*Op) int {
	n := copy(done, s.done)
	s.done = slices.Delete(s.done, 0, n) // which lets go of the operations, too
	return n
}

// Cancel implements Backend: there is never anything to cancel.
func (s *Sync) Cancel(*Op) {}

// Close implements Backend.
func (s *Sync) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.more.Broadcast()
	return nil
}

// ReadNow implements NowReader.
func (s *Sync) ReadNow(h *Handle, p []byte, off int64) (int, bool) { return ReadNow(h, p, off) }

// TryLock implements Locker.
func (s *Sync) TryLock(h *Handle, path string, kind LockKind) (Lock, bool, error) {
	return TryLock(h, path, kind)
}
