package fault

import (
	"sync"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// member is an operation of a chain that runs member by member.
type member struct {
	op         *backend.Op
	fault      *Fault // nil: nothing happens to it
	canceled   chan struct{}
	cancelOnce sync.Once
	running    *backend.Op // what the engine executes for it; guarded by Backend.mu
}

// startChain runs ch on a goroutine of its own. b.mu is held.
func (b *Backend) startChain(ch []*backend.Op, faults []*Fault) {
	members := make([]*member, len(ch))
	for i, op := range ch {
		members[i] = &member{op: op, fault: faults[i], canceled: make(chan struct{})}
		b.members[op] = members[i]
	}
	b.busy++
	go b.runChain(members)
}

func (b *Backend) runChain(members []*member) {
	defer b.notBusy()
	failed := false
	for _, m := range members {
		op := m.op
		op.N, op.EOF, op.Err, op.Info, op.Entries = 0, false, nil, backend.Info{}, nil
		if failed && !(op.Kind == backend.OpClose && op.Handle.IsOpen()) {
			op.Fail(backend.ErrCanceled)
		} else {
			b.runMember(m)
		}
		failed = failed || op.Err != nil
		b.complete(op) // from here on it is the submitter's
	}
}

func (b *Backend) runMember(m *member) {
	var e effect
	if m.fault != nil {
		e = m.fault.rule.effect
		m.fault.hit()
		b.holdBack(m, e)
	}
	if m.isCanceled() && m.op.Kind != backend.OpClose {
		m.op.Fail(backend.ErrCanceled)
		return
	}
	b.record.executing(m.op)
	switch transfers := m.op.Kind >= backend.OpRead && m.op.Kind <= backend.OpWritev; {
	case transfers && e.limited && e.limit < m.op.Size():
		b.executePart(m, e)
	case e.err == nil || e.limited && transfers:
		b.execute(m, m.op)
	default:
		b.fail(m, e)
	}
}

// holdBack returns when the effect lets the member go, or it is cancelled, or
// the backend closes.
func (b *Backend) holdBack(m *member, e effect) {
	var gates []<-chan struct{}
	if e.hold {
		gates = append(gates, m.fault.released)
	}
	if e.until != nil {
		gates = append(gates, e.until)
	}
	if e.delay > 0 {
		over := make(chan struct{})
		defer time.AfterFunc(e.delay, func() { close(over) }).Stop()
		gates = append(gates, over)
	}
	for _, gate := range gates {
		select {
		case <-gate:
		case <-b.closing:
		case <-m.canceled:
		}
	}
}

func (m *member) isCanceled() bool {
	select {
	case <-m.canceled:
		return true
	default:
		return false
	}
}

// execute has the engine do op, which is the member's or stands for it.
func (b *Backend) execute(m *member, op *backend.Op) {
	finished := make(chan bool, 1)
	b.mu.Lock()
	m.running = op
	b.waiting[op] = finished
	b.mu.Unlock()
	if len(b.forward([]*backend.Op{op})) == 0 {
		select {
		case <-finished:
		case <-b.ended: // the engine is broken for good
			b.loseIfWaiting(op, finished)
		}
	}
	b.mu.Lock()
	delete(b.waiting, op)
	m.running = nil
	b.mu.Unlock()
}

// loseIfWaiting fails an operation that will not come back.
func (b *Backend) loseIfWaiting(op *backend.Op, finished <-chan bool) {
	select {
	case <-finished: // it did, in the last moment
	default:
		op.Fail(b.end)
	}
}

// executePart transfers the first bytes only.
func (b *Backend) executePart(m *member, e effect) {
	op := m.op
	part := *op
	part.Buf, part.Bufs = op.Buf[:min(len(op.Buf), e.limit)], firstBytes(op.Bufs, e.limit)
	if e.limit > 0 {
		b.execute(m, &part)
		op.N, op.EOF, op.Err = part.N, part.EOF, part.Err
	}
	if op.Err == nil && e.err != nil && !op.EOF {
		op.Fail(e.err)
	}
}

func firstBytes(bufs [][]byte, n int) (first [][]byte) {
	for _, b := range bufs {
		b = b[:min(len(b), n)]
		first, n = append(first, b), n-len(b)
	}
	return first
}

// fail reports the fault's error, before the execution or after it.
func (b *Backend) fail(m *member, e effect) {
	op := m.op
	if e.after || op.Kind == backend.OpClose {
		if b.execute(m, op); op.Err != nil {
			return // it has failed by itself
		}
	}
	if op.Kind == backend.OpOpen && op.Handle.IsOpen() && e.after {
		b.execute(m, &backend.Op{Kind: backend.OpClose, Handle: op.Handle})
	}
	op.N, op.EOF, op.Info, op.Entries = 0, false, backend.Info{}, nil
	op.Fail(e.err)
}
