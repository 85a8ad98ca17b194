package fsapi

import (
	"sync"
	"sync/atomic"
	"time"
)

// budget bounds the bytes of buffers over all files (Options.BufferLimit). Who
// does not get his bytes at once waits in line, and everybody who comes later
// waits behind him, so nobody starves.
//
// Bytes that nobody is working on (data that was read ahead and not fetched,
// data that was written and not committed) could hold up the line for ever.
// The budget knows the files that have such bytes, oldest first, and names one
// at a time for reclaiming as long as somebody waits and little is in flight.
// Before that, a file has some time to fetch what has come for it, and twice as
// much each time that this was too short: else a crowd of readers could take
// the memory from each other for ever, and none get any further.
type budget struct {
	mu      sync.Mutex
	limit   int64
	used    int64
	busy    int64 // part of used that an operation in flight works on
	line    ticketList
	granted []*ticket
	idle    idleList
	timer   *time.Timer // for the oldest idle file, when it is its turn
	settled func()      // what the timer calls
	urgent  atomic.Bool // somebody waits, or somebody was granted and not told
}

// ticket is a place in the line. It is part of what waits.
type ticket struct {
	owner  interface{ grant() }
	n      int64
	state  ticketState
	before *ticket
	after  *ticket
}

type ticketState uint8

const (
	ticketUnused  ticketState = iota
	ticketWaiting             // in line
	ticketGranted             // has its n bytes; the owner is told by settle
)

// acquire takes n bytes for t and reports true, or puts t in line. What is
// larger than the limit counts as the limit.
func (b *budget) acquire(t *ticket, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, b.limit)
	if b.line.empty() && b.used+n <= b.limit {
		b.used += n
		return true
	}
	t.n, t.state = n, ticketWaiting
	b.line.push(t)
	b.urgent.Store(true)
	return false
}

// ask is acquire for a ticket that may have been used before: it returns the
// bytes that t has been granted meanwhile, or now, or 0 while it waits.
func (b *budget) ask(t *ticket, n int64) int64 {
	b.mu.Lock()
	state, granted := t.state, t.n
	if state == ticketGranted {
		t.state = ticketUnused
	}
	b.mu.Unlock()
	switch {
	case state == ticketGranted:
		return granted
	case state == ticketUnused && b.acquire(t, n):
		return n
	}
	return 0
}

// try takes n bytes if they are free and nobody waits for them.
func (b *budget) try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.line.empty() || b.used+n > b.limit {
		return false
	}
	b.used += n
	return true
}

// force takes n bytes whatever the limit says, for the first buffer of a call
// that could not go on without it.
func (b *budget) force(n int64) {
	b.mu.Lock()
	b.used += n
	b.mu.Unlock()
}

// cancel gives up t's place, or the bytes that it was granted but has not used.
func (b *budget) cancel(t *ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch t.state {
	case ticketWaiting:
		b.line.remove(t)
	case ticketGranted:
		b.used -= t.n
	}
	t.state = ticketUnused
	b.admit()
}

// take turns a granted ticket into bytes that the caller owns.
func (b *budget) take(t *ticket) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.state != ticketGranted {
		return false
	}
	t.state = ticketUnused
	return true
}

// forgo gives up the bytes that t was granted but has not used.
func (b *budget) forgo(t *ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.state == ticketGranted {
		t.state = ticketUnused
		b.used -= t.n
		b.admit()
	}
}

// waits reports whether t is in line.
func (b *budget) waits(t *ticket) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return t.state == ticketWaiting
}

// release gives n bytes back.
func (b *budget) release(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.admit()
}

// work tells that n bytes more (or less, if negative) are in flight.
func (b *budget) work(n int64) {
	b.mu.Lock()
	b.busy += n
	b.mu.Unlock()
}

// admit grants from the head of the line while it fits.
func (b *budget) admit() {
	for t := b.line.first; t != nil && b.used+t.n <= b.limit; t = b.line.first {
		b.line.remove(t)
		b.used += t.n
		t.state = ticketGranted
		b.granted = append(b.granted, t)
	}
	b.urgent.Store(len(b.granted) > 0 || !b.line.empty())
}

// nextGranted returns somebody who has been granted and not told, or nil.
func (b *budget) nextGranted() *ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.granted) > 0 {
		t := b.granted[0]
		b.granted = b.granted[1:]
		if len(b.granted) == 0 {
			b.granted = nil
		}
		if t.state == ticketGranted {
			return t
		}
	}
	b.urgent.Store(!b.line.empty())
	return nil
}

const (
	// patience is how long bytes that nobody works on are kept when others
	// wait for them.
	patience = 4 * time.Millisecond
	// maxFailed bounds how often it doubles.
	maxFailed = 8
)

// rest says that f has bytes that nobody works on. The caller holds f.mu.
func (b *budget) rest(f *File) {
	b.mu.Lock()
	if !f.idle.linked {
		b.idle.push(f)
		f.idle.until = time.Now().Add(patience << f.read.failed)
	}
	b.mu.Unlock()
}

// wake says that f has no such bytes any more.
func (b *budget) wake(f *File) {
	b.mu.Lock()
	b.idle.remove(f)
	b.mu.Unlock()
}

// victim returns the file whose idle bytes are the oldest, if it is time to
// take them back.
func (b *budget) victim() *File {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.line.empty() || b.idle.first == nil || b.busy > b.limit/4 {
		return nil
	}
	if wait := time.Until(b.idle.first.idle.until); wait > 0 {
		b.alarm(wait)
		return nil
	}
	return b.idle.pop()
}

// alarm sees to it that the victims are looked for again. The caller holds
// b.mu.
func (b *budget) alarm(after time.Duration) {
	if b.timer == nil {
		b.timer = time.AfterFunc(after, b.settled)
	} else {
		b.timer.Reset(after)
	}
}

// settle tells everybody who was granted, and reclaims for those who wait. The
// caller holds no lock.
func (b *budget) settle() {
	if !b.urgent.Load() {
		return
	}
	for {
		for t := b.nextGranted(); t != nil; t = b.nextGranted() {
			t.owner.grant()
		}
		f := b.victim()
		if f == nil {
			return
		}
		f.reclaim()
	}
}

// usage returns the bytes in use.
func (b *budget) usage() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// ticketList is a doubly linked list through the tickets.
type ticketList struct{ first, last *ticket }

func (l *ticketList) empty() bool { return l.first == nil }

func (l *ticketList) push(t *ticket) {
	t.before, t.after = l.last, nil
	if l.last == nil {
		l.first = t
	} else {
		l.last.after = t
	}
	l.last = t
}

func (l *ticketList) remove(t *ticket) {
	if t.before == nil {
		l.first = t.after
	} else {
		t.before.after = t.after
	}
	if t.after == nil {
		l.last = t.before
	} else {
		t.after.before = t.before
	}
	t.before, t.after = nil, nil
}

// idleList is a doubly linked list through the files.
type idleList struct{ first, last *File }

func (l *idleList) push(f *File) {
	if f.idle.linked {
		return
	}
	f.idle = idleLink{before: l.last, linked: true}
	if l.last == nil {
		l.first = f
	} else {
		l.last.idle.after = f
	}
	l.last = f
}

func (l *idleList) remove(f *File) {
	if !f.idle.linked {
		return
	}
	if f.idle.before == nil {
		l.first = f.idle.after
	} else {
		f.idle.before.idle.after = f.idle.after
	}
	if f.idle.after == nil {
		l.last = f.idle.before
	} else {
		f.idle.after.idle.before = f.idle.before
	}
	f.idle = idleLink{}
}

func (l *idleList) pop() *File {
	f := l.first
	if f != nil {
		l.remove(f)
	}
	return f
}

// idleLink is a file's place in the idle list.
type idleLink struct {
	before, after *File
	linked        bool
	until         time.Time // then its bytes may be taken back
}
