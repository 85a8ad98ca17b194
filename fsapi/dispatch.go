package fsapi

import (
	"runtime"
	"strings"
	"sync"
	"time"
)

// dispatcher runs callbacks. A goroutine starts when there is something to run
// and ends when there is nothing left. A callback may block (it may call
// anything): when one has not come back for a while and others wait behind it,
// another goroutine takes over.
type dispatcher struct {
	fs       *FS
	mu       sync.Mutex
	due      []*File
	running  int
	progress uint64 // callbacks that came back
	watched  uint64 // progress when the watchdog last looked
	watching bool
	timer    *time.Timer
	idle     sync.Cond // running has become 0
}

const (
	// roundSize callbacks run between two flushes of the queue.
	roundSize = 64
	// stuckAfter is how long callbacks wait behind one that blocks.
	stuckAfter = time.Millisecond
)

// post says that f has a callback to run. f.callbacks.queued keeps it from
// being in the list twice.
func (d *dispatcher) post(f *File) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.due = append(d.due, f)
	if d.running == 0 {
		d.start()
	} else {
		d.watch()
	}
}

func (d *dispatcher) start() {
	d.running++
	go d.run()
}

// watch arms the watchdog. The caller holds d.mu.
func (d *dispatcher) watch() {
	if d.watching {
		return
	}
	d.watching = true
	d.watched = d.progress
	if d.timer == nil {
		d.timer = time.AfterFunc(stuckAfter, d.look)
	} else {
		d.timer.Reset(stuckAfter)
	}
}

// guard makes the watchdog flush the queue if those who hold it take too long.
func (d *dispatcher) guard() {
	d.mu.Lock()
	d.watch()
	d.mu.Unlock()
}

func (d *dispatcher) look() {
	d.mu.Lock()
	d.watching = false
	stuck := d.running > 0 && len(d.due) > 0 && d.progress == d.watched
	if stuck {
		d.start()
	}
	if len(d.due) > 0 {
		d.watch()
	}
	d.mu.Unlock()
	// A callback that blocks inside a round holds the queue: what it or
	// anybody else has queued must go down all the same.
	d.fs.flush()
}

func (d *dispatcher) run() {
	for d.round() {
	}
}

// round runs some callbacks and then submits what they have started, in one
// piece. It reports false when there were none left and the goroutine ends.
func (d *dispatcher) round() bool {
	d.fs.queue.hold()
	more := true
	for range roundSize {
		f := d.next()
		if f == nil {
			more = false
			break
		}
		d.call(f)
	}
	d.fs.queue.release()
	d.fs.settleBudgets()
	d.fs.flush()
	return more
}

func (d *dispatcher) call(f *File) {
	f.runCallbacks()
	d.mu.Lock()
	d.progress++
	d.mu.Unlock()
}

// next returns the next file that has something to run, or nil: then this
// goroutine no longer counts.
func (d *dispatcher) next() *File {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.due) == 0 {
		d.due = nil
		d.running--
		if d.running == 0 {
			d.idle.Broadcast()
		}
		return nil
	}
	f := d.due[0]
	d.due = d.due[1:]
	return f
}

// drain waits until no callback runs. Not to be called from a callback.
func (d *dispatcher) drain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.running > 0 {
		d.idle.Wait()
	}
}

// inCallback reports whether the calling goroutine is running a callback. It
// looks at its own stack: the only thing that tells one goroutine from another.
func inCallback() bool {
	pcs := make([]uintptr, 64)
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs)
		frames := runtime.CallersFrames(pcs[:n])
		for {
			frame, more := frames.Next()
			if strings.HasSuffix(frame.Function, "(*dispatcher).call") {
				return true
			}
			if !more {
				break
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
