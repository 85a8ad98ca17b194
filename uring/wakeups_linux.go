//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// wakeups is how goroutines wait for completions: an event count over one
// eventfd that every ring signals. One waiter leads: it reads the eventfd, and
// so is parked in the Go netpoller without a thread. The others wait for it.
//
// Whoever waits calls enter, looks for work once more, and calls wait only if
// there was none; then leave. What changes between enter and wait is not
// missed. Whoever leaves passes the lead on.
type wakeups struct {
	waiters atomic.Int32 // between enter and leave; rings signal only while it is not 0
	fd      int
	file    *os.File // owns fd

	mu         sync.Mutex
	changed    sync.Cond
	generation uint64 // of wake-ups
	leading    bool
	closed     bool
	count      [8]byte // the leader's
}

func newWakeups() (*wakeups, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	w := &wakeups{fd: fd, file: os.NewFile(uintptr(fd), "eventfd")}
	if err := w.file.SetReadDeadline(time.Time{}); err != nil { // only what the netpoller watches takes one
		w.file.Close()
		return nil, err
	}
	w.changed.L = &w.mu
	return w, nil
}

// enter announces a waiter. What happens from now on wakes it.
func (w *wakeups) enter() (generation uint64) {
	w.waiters.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.generation
}

// wait returns when something has happened since enter.
func (w *wakeups) wait(generation uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.generation == generation && !w.closed {
		if w.leading {
			w.changed.Wait()
			continue
		}
		w.leading = true
		w.mu.Unlock()
		_, err := w.file.Read(w.count[:])
		w.mu.Lock()
		w.leading = false
		w.generation++
		if err != nil {
			w.closed = true // nobody can be woken through it any more
		}
	}
}

// leave ends what enter began. If that leaves followers without a leader, one
// of them looks for work and leads.
func (w *wakeups) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiters.Add(-1) > 0 && !w.leading {
		w.generation++
		w.changed.Signal()
	}
}

// one is what makes an eventfd readable.
var one = [8]byte{0: 1} // little-endian, as all platforms of this engine are

// notify wakes a waiter, for work that no ring signals.
func (w *wakeups) notify() {
	if w.waiters.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.generation++
	if w.leading && !w.closed {
		unix.Write(w.fd, one[:]) // cannot fail short of 2^64 wake-ups
		return
	}
	w.changed.Signal()
}

// close wakes everybody for good.
func (w *wakeups) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.file.Close() // the leader's read ends
	w.changed.Broadcast()
}
