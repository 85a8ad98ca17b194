package fsapi

import (
	"bytes"
	"context"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// ReadFiles reads whole files, many at the same time, and calls fn for each, in
// order, on the calling goroutine. data is valid during the call only; err is
// what is wrong with that file. Small files take one chain of open, read and
// close each. The error of ReadFiles is the context's, or ErrClosed: then fn
// was not called for the rest.
func (fs *FS) ReadFiles(ctx context.Context, paths []string, fn func(i int, data []byte, err error)) error {
	if err := fs.enter(); err != nil {
		return err
	}
	defer fs.leave()
	return newFetch(fs, paths).run(ctx, fn)
}

// fetch is one ReadFiles under way: a window of files that moves over paths.
type fetch struct {
	fs      *FS
	paths   []string
	mu      sync.Mutex
	arrived sync.Cond
	window  []fetched // paths[i] is in window[i % len(window)]
	started int       // paths before this have been started
	out     int       // files that are being read
	held    int       // buffers
	err     error     // of the context
}

// fetched is the place of one file in the window.
type fetched struct {
	fetch   *fetch
	handle  backend.Handle
	buf     *buffer
	pending int // requests out
	n       int
	whole   bool
	err     error
}

// maxFetch bounds the files of one fetch that are being read.
const maxFetch = 64

func newFetch(fs *FS, paths []string) *fetch {
	n := min(maxFetch, len(paths), fs.depth/3, int(fs.fetching.limit/firstWindow))
	t := &fetch{fs: fs, paths: paths, window: make([]fetched, max(n, 1))}
	t.arrived.L = &t.mu
	for i := range t.window {
		t.window[i].fetch = t
	}
	return t
}

func (t *fetch) run(ctx context.Context, fn func(int, []byte, error)) error {
	stop := context.AfterFunc(ctx, func() {
		t.mu.Lock()
		t.err = ctx.Err()
		t.arrived.Broadcast()
		t.mu.Unlock()
	})
	defer stop()
	defer t.drain()
	for i := range t.paths {
		if err := ctx.Err(); err != nil { // AfterFunc may be late
			return err
		}
		if t.fs.isClosed() {
			return ErrClosed
		}
		t.advance(i)
		w := &t.window[i%len(t.window)]
		if err := t.await(w); err != nil {
			return err
		}
		t.deliver(ctx, i, w, fn)
		t.release(w)
	}
	return nil
}

// advance starts more files when half of the window is free, so that they go
// down together.
func (t *fetch) advance(i int) {
	ahead := t.started - i
	if t.started == len(t.paths) || ahead > len(t.window)/2 {
		return
	}
	for t.started < min(i+len(t.window), len(t.paths)) && t.reserve() {
		t.start(&t.window[t.started%len(t.window)], t.paths[t.started])
		t.started++
	}
	t.fs.flush()
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

func (t *fetch) start(w *fetched, path string) {
	w.buf = newBuffer(firstWindow)
	open := newRequest(w, roleOpen, backend.OpOpen)
	read := newRequest(w, roleRead, backend.OpRead)
	read.op.Buf = w.buf.mem
	first := chain(open, read, newRequest(w, roleClose, backend.OpClose))
	for r := first; r != nil; r = r.next {
		r.op.Path, r.op.Handle = path, &w.handle
	}
	t.mu.Lock()
	w.pending, w.err = 3, nil
	t.out++
	t.mu.Unlock()
	t.fs.queue.put(first)
}

// complete implements completer.
func (w *fetched) complete(r *request) {
	t := w.fetch
	t.mu.Lock()
	defer t.mu.Unlock()
	w.pending--
	if r.role == roleRead {
		w.n, w.whole = r.op.N, r.op.EOF
	}
	if r.role != roleClose {
		w.err = causeOf(w.err, r.op.Err)
	}
	r.free()
	if w.pending == 0 {
		t.out--
		t.arrived.Signal()
	}
}

func (t *fetch) await(w *fetched) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w.pending > 0 && t.err == nil {
		t.arrived.Wait()
	}
	return t.err
}

// deliver gives one file to the user. One that is larger than the window is
// read again, from its own start, since its name may mean another file by now.
func (t *fetch) deliver(ctx context.Context, i int, w *fetched, fn func(int, []byte, error)) {
	switch {
	case w.err != nil:
		fn(i, nil, w.err)
	case w.whole:
		fn(i, w.buf.mem[:w.n:w.n], nil)
	default:
		data, err := t.fs.readWhole(ctx, t.paths[i])
		fn(i, data, err)
	}
}

func (fs *FS) readWhole(ctx context.Context, path string) ([]byte, error) {
	f := fs.Open(path, ReadOnly)
	defer f.Close()
	var out bytes.Buffer
	if _, err := NewReader(ctx, f).WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (t *fetch) release(w *fetched) {
	t.fs.fetching.release(w.buf.size())
	t.held--
	w.buf.free()
	w.buf = nil
}

// drain waits for what is still being read, and gives its buffers back.
func (t *fetch) drain() {
	t.fs.flush()
	t.mu.Lock()
	for t.out > 0 {
		t.arrived.Wait()
	}
	t.mu.Unlock()
	for i := range t.window {
		if w := &t.window[i]; w.buf != nil {
			t.release(w)
		}
	}
}
