package fsapi

import (
	"runtime"
	"strconv"
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

	runners map[goroutine]bool
	awaits  map[goroutine]*run // runners that wait for a callback of another one
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
	self := current()
	d.mu.Lock()
	d.runners[self] = true
	d.mu.Unlock()
	for d.round(self) {
	}
	d.mu.Lock()
	delete(d.runners, self)
	d.mu.Unlock()
}

// round runs some callbacks and then submits what they have started, in one
// piece. It reports false when there were none left and the goroutine ends.
func (d *dispatcher) round(self goroutine) bool {
	d.fs.queue.hold()
	more := true
	for range roundSize {
		f := d.next()
		if f == nil {
			more = false
			break
		}
		d.call(f, self)
	}
	d.fs.queue.release()
	d.fs.settleBudgets()
	d.fs.flush()
	return more
}

func (d *dispatcher) call(f *File, self goroutine) {
	f.runCallbacks(self)
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

// await waits until a callback has returned, unless it is the caller itself,
// or one that waits in here for the caller's end: two callbacks that close each
// other's file.
func (d *dispatcher) await(r *run) {
	self := current()
	d.mu.Lock()
	for on := r; on != nil && !on.isOver(); on = d.awaits[on.on] {
		if on.on == self {
			d.mu.Unlock()
			return
		}
	}
	if d.runners[self] {
		d.awaits[self] = r
	}
	d.mu.Unlock()
	<-r.over
	d.mu.Lock()
	delete(d.awaits, self)
	d.mu.Unlock()
}

// inCallback reports whether the calling goroutine is running a callback.
func (d *dispatcher) inCallback() bool {
	self := current()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runners[self]
}

// goroutine is the number of a goroutine, never 0.
type goroutine uint64

// current returns the number of the calling goroutine. Go tells it in stack
// traces only, and nothing else says whether Close is called from a callback.
func current() goroutine {
	var trace [64]byte
	text := string(trace[:runtime.Stack(trace[:], false)])
	number, _, _ := strings.Cut(strings.TrimPrefix(text, "goroutine "), " ")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		panic("fsapi: no goroutine number in " + text)
	}
	return goroutine(n)
}
