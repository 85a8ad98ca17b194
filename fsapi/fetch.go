package fsapi

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// fetch is one ReadFiles under way: a window of files that moves over paths.
// Groups of files are started, each in as few system calls as can be, by the
// caller when it would have to wait, and at the same time by pumps: an engine
// that finds a file in the page cache reads it within the call that starts it,
// and the other processors shall have a share of that.
type fetch struct {
	fs     *FS
	paths  []string
	window []fetched // paths[i] is in window[i % len(window)]

	group int // files that are started together
	dir   fetchDir

	started atomic.Int64            // paths before this are being read, or have been
	out     atomic.Int64            // files that are being read, and what is done with the directory
	wanted  atomic.Pointer[fetched] // what the caller sleeps for

	mu    sync.Mutex
	woken sync.Cond // the caller: what it wants has been read, nothing is out, or err is set
	room  sync.Cond // the pumps: a group has room in the window, or over is set
	taken int       // paths before this have been given to the user
	held  int       // buffers
	err   error     // of the context
	over  bool
	pumps sync.WaitGroup
}

// fetched is the place of one file in the window. It is the caller's when
// pending is 0.
type fetched struct {
	fetch            *fetch
	handle           backend.Handle
	buf              *buffer
	pending          atomic.Int32 // requests out
	n                int
	whole            bool
	openErr, readErr error
}

const (
	// fetchGroup files at most are started together.
	fetchGroup = 32
	// maxFetch bounds the files of one fetch that are being read.
	maxFetch = 4 * fetchGroup
	// maxPumps bounds the goroutines that help one caller.
	maxPumps = 3
)

func newFetch(fs *FS, paths []string) *fetch {
	n := min(maxFetch, len(paths), fs.depth/3, int(fs.fetching.limit/firstWindow))
	t := &fetch{fs: fs, paths: paths, window: make([]fetched, max(n, 1))}
	t.group = min(fetchGroup, max(n/2, 1))
	if len(paths) <= min(n, fetchGroup) {
		t.group = n // all at once
	}
	t.woken.L, t.room.L = &t.mu, &t.mu
	for i := range t.window {
		t.window[i].fetch = t
	}
	return t
}

func (t *fetch) at(i int) *fetched { return &t.window[i%len(t.window)] }

func (t *fetch) startPumps() {
	for range min(maxPumps, runtime.GOMAXPROCS(0)-1, len(t.paths)/t.group-1) {
		t.pumps.Go(t.pump)
	}
}

// pump starts groups as long as there are any.
func (t *fetch) pump() {
	for {
		from, to := t.claimWaiting()
		if from == to {
			return
		}
		t.start(from, to)
	}
}

// claimWaiting is claim for a pump, that waits for room. No files: it is over.
func (t *fetch) claimWaiting() (from, to int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for !t.over && int(t.started.Load()) < len(t.paths) {
		if from, to = t.claimLocked(); from < to {
			return from, to
		}
		t.room.Wait()
	}
	return 0, 0
}

// claim returns files that the calling goroutine is to start now: none if the
// window has no room for a group.
func (t *fetch) claim() (from, to int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.claimLocked()
}

func (t *fetch) claimLocked() (from, to int) {
	from = int(t.started.Load())
	left := len(t.paths) - from
	want := min(t.group, left)
	if t.over || t.taken+len(t.window)-from < want {
		return from, from
	}
	for to = from; to < from+want && t.reserve(); to++ {
		w := t.at(to)
		w.buf, w.n, w.whole, w.openErr, w.readErr = newBuffer(firstWindow), 0, false, nil, nil
		w.pending.Store(3)
	}
	t.out.Add(int64(to - from))
	t.started.Store(int64(to)) // after pending: the caller looks at both
	return from, to
}

// reserve takes the memory for one more file, of which every fetch has some:
// they cannot wait for each other.
func (t *fetch) reserve() bool {
	if t.held == 0 {
		t.fs.fetching.force(firstWindow)
	} else if !t.fs.fetching.try(firstWindow) {
		return false
	}
	t.held++
	return true
}

// start reads the files from, ..., to-1, which have been claimed.
func (t *fetch) start(from, to int) {
	var group [fetchGroup]*request
	for i := from; i < to; i++ {
		w := t.at(i)
		open := newRequest(w, roleOpen, backend.OpOpen)
		open.op.Dir = t.dir.of(t.paths[i])
		read := newRequest(w, roleRead, backend.OpRead)
		read.op.Buf = w.buf.mem
		first := chain(open, read, newRequest(w, roleClose, backend.OpClose))
		for r := first; r != nil; r = r.next {
			r.op.Path, r.op.Handle = t.paths[i], &w.handle
		}
		group[i-from] = first
	}
	t.fs.queue.put(group[:to-from]...)
	t.fs.flush()
}

// complete implements completer.
func (w *fetched) complete(r *request) {
	t := w.fetch
	switch r.role {
	case roleOpen:
		w.openErr = r.op.Err
	case roleRead:
		w.n, w.whole, w.readErr = r.op.N, r.op.EOF, r.op.Err
	}
	r.free()
	if w.pending.Add(-1) > 0 {
		return
	}
	t.isBack(w)
}

// isBack counts one that was out, and wakes the caller if this is what it waits
// for.
func (t *fetch) isBack(w *fetched) {
	if t.out.Add(-1) == 0 || w != nil && t.wanted.Load() == w {
		t.mu.Lock()
		t.woken.Signal()
		t.mu.Unlock()
	}
}

// sleep waits until w, which has been started, has been read, or returns the
// context's error.
func (t *fetch) sleep(w *fetched) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wanted.Store(w) // before the look at pending: complete does it the other way round
	defer t.wanted.Store(nil)
	for w.pending.Load() > 0 && t.err == nil {
		t.woken.Wait()
	}
	return t.err
}

func (t *fetch) giveUp(err error) {
	t.mu.Lock()
	t.err = err
	t.woken.Signal()
	t.mu.Unlock()
}

// release gives back the buffer of the file that the user has seen, and makes
// room for another.
func (t *fetch) release(w *fetched) {
	t.fs.fetching.release(w.buf.size())
	w.buf.free()
	w.buf = nil
	t.mu.Lock()
	t.held--
	t.taken++
	if t.taken%t.group == 0 {
		t.room.Signal()
	}
	t.mu.Unlock()
}

// awaitAll waits until nothing is out.
func (t *fetch) awaitAll() {
	t.fs.flush()
	t.mu.Lock()
	for t.out.Load() > 0 {
		t.woken.Wait()
	}
	t.mu.Unlock()
}

// drain waits for the pumps and for what is still being read, and gives the
// buffers back.
func (t *fetch) drain() {
	t.mu.Lock()
	t.over = true
	t.room.Broadcast()
	t.mu.Unlock()
	t.pumps.Wait()
	t.awaitAll()
	t.dir.close()
	t.awaitAll()
	for i := range t.window {
		if w := &t.window[i]; w.buf != nil {
			t.release(w)
		}
	}
}
