package fault

import (
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Backend is the decorator. Make one with Wrap.
type Backend struct {
	engine backend.Backend
	depth  int

	mu      sync.Mutex
	changed sync.Cond // of done, busy or end
	faults  []*Fault
	seen    int
	paths   map[*backend.Handle]string  // of handles that are open or being opened
	members map[*backend.Op]*member     // members of chains that run member by member
	waiting map[*backend.Op]chan<- bool // operations that such a chain has in the engine
	record  Recorder
	done    []*backend.Op
	taken   int   // operations that have not been given back
	busy    int   // submissions and chains under way: what may still call the engine
	end     error // no more completions will come from the engine
	closed  bool

	closing chan struct{} // closed by Close: releases what is held
	ended   chan struct{} // closed when end is set
	once    sync.Once
}

var (
	_ backend.Backend = (*Backend)(nil)
	_ backend.Locker  = (*Backend)(nil)
)

// Wrap returns a decorator without rules. The engine belongs to it from now on
// and is closed by its Close.
func Wrap(engine backend.Backend) *Backend {
	b := &Backend{
		engine:  engine,
		depth:   engine.Capabilities().Depth,
		paths:   map[*backend.Handle]string{},
		members: map[*backend.Op]*member{},
		waiting: map[*backend.Op]chan<- bool{},
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	b.changed.L = &b.mu
	go b.collect()
	return b
}

// Capabilities implements backend.Backend: they are the engine's.
func (b *Backend) Capabilities() backend.Capabilities { return b.engine.Capabilities() }

// Operations returns how many operations have been submitted so far.
func (b *Backend) Operations() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

// Submit implements backend.Backend.
func (b *Backend) Submit(ops, done []*backend.Op) (started, finished int, err error) {
	started, pass, err := b.take(ops)
	if len(pass) > 0 {
		for _, op := range b.forward(pass) {
			b.complete(op)
		}
		b.notBusy()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return started, b.give(done), err
}

// take takes as many of ops as there is room for, starts the chains that have
// a member that a rule hits, and returns the others. If there are others, b is
// busy until they are forwarded.
func (b *Backend) take(ops []*backend.Op) (n int, pass []*backend.Op, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil && len(ops) > 0 {
		return 0, nil, b.end
	}
	if b.closed && len(ops) > 0 {
		return 0, nil, backend.ErrClosed
	}
	for n < len(ops) {
		var ch []*backend.Op
		ch, err = backend.NextChain(ops[n:])
		if err != nil || b.taken+len(ch) > b.depth {
			break
		}
		n += len(ch)
		b.taken += len(ch)
		if !b.takeChain(ch) {
			pass = append(pass, ch...)
		}
	}
	if len(pass) > 0 {
		b.busy++
	}
	return n, pass, err
}

// takeChain asks the rules about ch. If one hits, it starts to run ch member
// by member.
func (b *Backend) takeChain(ch []*backend.Op) bool {
	hit := false
	faults := make([]*Fault, len(ch))
	for i, op := range ch {
		path := b.pathOf(op)
		faults[i] = b.decide(op, path)
		hit = hit || faults[i] != nil
		b.record.submitted(op, path, i)
	}
	if hit {
		b.startChain(ch, faults)
	}
	return hit
}

func (b *Backend) decide(op *backend.Op, path string) *Fault {
	b.seen++
	for _, f := range b.faults {
		if f.chooses(op, path) {
			return f
		}
	}
	return nil
}

// pathOf returns op's path. An open announces the path of its handle, for the
// members of its chain that come next.
func (b *Backend) pathOf(op *backend.Op) string {
	if op.Kind == backend.OpOpen && op.Handle != nil {
		b.paths[op.Handle] = op.Path
	}
	if op.Path == "" && op.Handle != nil {
		return b.paths[op.Handle]
	}
	return op.Path
}

// Cancel implements backend.Backend. An operation that is held or delayed
// comes back with backend.ErrCanceled.
func (b *Backend) Cancel(op *backend.Op) {
	b.mu.Lock()
	m := b.members[op]
	if m == nil {
		b.mu.Unlock()
		b.engine.Cancel(op)
		return
	}
	m.cancelOnce.Do(func() { close(m.canceled) })
	running := m.running
	b.mu.Unlock()
	if running != nil {
		b.engine.Cancel(running)
	}
}

// Close implements backend.Backend. Operations that are held or delayed are
// released first, and run.
func (b *Backend) Close() (err error) {
	b.once.Do(func() {
		b.mu.Lock()
		b.closed = true
		close(b.closing)
		for b.busy > 0 {
			b.changed.Wait()
		}
		b.mu.Unlock()
		err = b.engine.Close()
		<-b.ended
	})
	return err
}

// TryLock implements backend.Locker. It is backend.ErrUnsupported if the
// engine is no Locker.
func (b *Backend) TryLock(h *backend.Handle, path string, kind backend.LockKind) (backend.Lock, bool, error) {
	if l, ok := b.engine.(backend.Locker); ok {
		return l.TryLock(h, path, kind)
	}
	return nil, false, backend.ErrUnsupported
}
