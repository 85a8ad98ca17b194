package fsapi

import (
	"context"
	"sync"
)

// readiness counts, over all files, those on which a call has said ErrAgain
// (blocked) and those of them that have moved since (ready). It serves FS.Wait.
type readiness struct {
	mu      sync.Mutex
	blocked int
	ready   int
	closed  bool
	waiters sleepers
}

func (r *readiness) add(blocked, ready int) {
	r.mu.Lock()
	r.blocked += blocked
	r.ready += ready
	if r.ready > 0 || r.blocked == 0 {
		r.waiters.wake()
	}
	r.mu.Unlock()
}

func (r *readiness) closeAll() {
	r.mu.Lock()
	r.closed = true
	r.waiters.wake()
	r.mu.Unlock()
}

func (r *readiness) wait(ctx context.Context) error {
	for {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return ErrClosed
		}
		if r.ready > 0 || r.blocked == 0 {
			r.mu.Unlock()
			return ctx.Err()
		}
		w := r.waiters.add()
		r.mu.Unlock()
		if err := r.waiters.sleep(ctx, &r.mu, w); err != nil {
			return err
		}
	}
}

// progress tells that something has moved on f: every sleeping call of f looks
// again, and so does FS.Wait. The caller holds f.mu.
func (f *File) progress() {
	f.seq++
	f.waiters.wake()
	f.setWaiting(f.again, f.again)
}

// waits is a set of reasons to wait.
type waits uint8

const (
	waitRead  waits = 1 << iota // a Pread or TryStat has said ErrAgain
	waitWrite                   // Write, Commit, TryLock or Rollback has
)

func (w waits) count() int {
	if w == 0 {
		return 0
	}
	return 1
}

// setWaiting changes what calls of f wait for, and for which of that they
// should look again. The caller holds f.mu.
func (f *File) setWaiting(again, ready waits) {
	blocked, moved := again.count()-f.again.count(), ready.count()-f.ready.count()
	f.again, f.ready = again, ready
	if blocked != 0 || moved != 0 {
		f.fs.ready.add(blocked, moved)
	}
}

// says records what a call that has to do with writing or locking returns,
// ErrAgain or anything else, for Wait. A commit that is under way is waited for
// whatever the lock says. The caller holds f.mu.
func (f *File) says(err error) {
	f.saysFor(waitWrite, err == ErrAgain || f.write != nil && f.write.busy())
}

// saysRead is says for Pread. Preads at several offsets may be waiting.
func (f *File) saysRead(err error) {
	f.saysFor(waitRead, err == ErrAgain || f.awaitsRead() || f.awaitsAnswer())
}

func (f *File) saysFor(kind waits, again bool) {
	if again && !f.closed {
		f.setWaiting(f.again|kind, f.ready&^kind)
	} else {
		f.setWaiting(f.again&^kind, f.ready&^kind)
	}
}

// Wait waits until f can make progress: until a call that has returned
// ErrAgain is worth repeating. It returns at once when that has happened
// already, or when no call is waiting for anything. Several goroutines may
// wait. A cancelled context ends the wait, not the file. The error is the
// context's, or ErrClosed.
func (f *File) Wait(ctx context.Context) error {
	f.mu.Lock()
	seq, sleep, closed := f.seq, f.again != 0 && f.ready == 0, f.closed
	f.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case sleep:
		return f.waitPast(ctx, seq)
	}
	return ctx.Err()
}

// waitPast waits until the file has moved beyond seq, as read under f.mu
// together with the ErrAgain.
func (f *File) waitPast(ctx context.Context, seq uint64) error {
	f.fs.flush()
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return ErrClosed
	}
	if f.seq != seq {
		f.mu.Unlock()
		return ctx.Err()
	}
	w := f.waiters.add()
	f.mu.Unlock()
	return f.waiters.sleep(ctx, &f.mu, w)
}
