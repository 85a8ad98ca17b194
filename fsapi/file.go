package fsapi

import (
	iofs "io/fs"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// File is a handle of Open or Create. It belongs to one goroutine at a time;
// different Files may be used from any number of goroutines. Its callbacks run
// on goroutines of their own.
type File struct {
	fs *FS

	mu       sync.Mutex
	path     string
	state    fileState
	closed   bool
	torn     bool // nothing is left to free
	born     bool // the file system knows it
	err      error
	handle   backend.Handle // to be touched while state is fileOpen only
	opening  *request       // the open, as long as it may not have been submitted
	inflight int            // requests whose owner is this file
	lock     backend.Lock

	read     readState
	question question
	write    *writeState // nil for a ReadOnly file

	// What callers and callbacks wait for; see wait.go and callback.go.
	seq      uint64
	again    waits
	ready    waits // those of again that have moved
	waiters  sleepers
	callback callbacks

	idle  idleLink // of the budget
	reads uint64   // Preads answered at once, for Stats
}

// fileState is where the descriptor stands.
type fileState uint8

const (
	fileCreated fileState = iota // no descriptor before the first commit of a created file
	fileOpening
	fileOpen
	fileFailed // err says why; it stays so
)

// Open returns a handle for the file path. It cannot fail and does not wait:
// the open goes to the kernel together with the first read. What is wrong with
// the file comes out of the first call that needs it: a missing one is
// fs.ErrNotExist there. The caller must Close the handle.
func (fs *FS) Open(path string, mode OpenMode) *File {
	f := &File{fs: fs, path: path}
	if mode != ReadOnly && mode != Append {
		return f.stillborn(pathError("open", path, backend.ErrInvalid))
	}
	f.mu.Lock() // FS.Close may find f as soon as it is registered
	defer fs.settle()
	defer f.mu.Unlock()
	if !fs.register(f) {
		return f.stillborn(pathError("open", path, ErrClosed))
	}
	f.born = true
	r := newRequest(f, roleOpen, backend.OpOpen)
	r.op.Path, r.op.Handle = path, &f.handle
	if mode == Append {
		r.op.Open = backend.OpenWrite
		f.write = newWriteState(f)
	}
	f.state, f.opening = fileOpening, r
	f.queueRequest(r)
	return f
}

// Create returns a handle for a new file, that will be named path when it is
// committed (or as CommitAs says); until then nobody sees it. It cannot fail
// and does not wait. A handle that is closed without a commit leaves nothing
// behind.
//
// After the first commit the handle is an Append handle of the file. Before,
// there is nothing to read in it: Pread says io.EOF.
func (fs *FS) Create(path string, mode CreateMode, perm Perm) *File {
	f := &File{fs: fs, path: path}
	if mode != FailIfExists && mode != ReplaceIfExists || perm.Mode&^permBits != 0 {
		return f.stillborn(pathError("create", path, backend.ErrInvalid))
	}
	if path == "" {
		return f.stillborn(pathError("create", path, iofs.ErrNotExist))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !fs.register(f) {
		return f.stillborn(pathError("create", path, ErrClosed))
	}
	if perm.Mode == 0 {
		perm.Mode = 0o600
	}
	f.born, f.state = true, fileCreated
	f.write = newWriteState(f)
	f.write.create = &creation{mode: mode, perm: perm}
	return f
}

const permBits = iofs.ModePerm | iofs.ModeSetuid | iofs.ModeSetgid | iofs.ModeSticky

// stillborn makes f a handle whose every call says err.
func (f *File) stillborn(err error) *File {
	f.state, f.err = fileFailed, err
	return f
}

// Path returns the name of the file: for a created one that of its last
// commit, or the one it was created with.
func (f *File) Path() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.path
}

// complete implements completer: one operation of this file has come back.
func (f *File) complete(r *request) {
	f.resume(func() {
		f.inflight--
		switch r.role {
		case roleOpen:
			f.opened(r)
		case roleRead:
			f.segmentDone(r)
		case roleStat:
			f.questionAnswered(r)
		case roleClose:
		default:
			f.write.complete(r)
		}
		r.free()
	})
}

// resume runs a step of this file, after which it may be done with.
func (f *File) resume(step func()) {
	f.mu.Lock()
	step()
	gone := f.tearDown()
	f.mu.Unlock()
	if gone {
		f.fs.forget(f)
	}
}

func (f *File) opened(r *request) {
	f.opening = nil
	if r.op.Err != nil {
		f.state, f.err = fileFailed, r.op.Err
		f.dropAll()
	} else {
		f.state = fileOpen
		f.startWaiting()
	}
	f.questionOpened()
	if f.write != nil {
		f.write.opened()
	}
	f.progress()
	f.postInput()
	f.postOutput()
}

// usable returns why no call on f can succeed, or nil. The caller holds f.mu.
func (f *File) usable(op string) error {
	if f.closed {
		return pathError(op, f.path, ErrClosed)
	}
	if f.state == fileFailed {
		return f.err
	}
	return nil
}

// readOnly reports whether f can never be written to. That is known before
// anything is known about the file, so it comes first.
func (f *File) readOnly() bool { return f.born && !f.closed && f.write == nil }

// queueRequest sends a chain of f's on its way. The caller holds f.mu.
func (f *File) queueRequest(first *request) {
	f.inflight += first.len()
	f.fs.queue.put(first)
}

// Close gives the handle back. It implies Rollback: a created file that was
// not committed is gone, and so is what was appended and not committed. A
// commit that is under way is taken back if that is still possible; a caller
// who needs its result waits for it before. Close may be called at any time,
// with operations in flight and from a callback; it waits for nothing on the
// device, but for a callback of this file that is running on another goroutine,
// so that none runs after it. A second Close returns ErrClosed.
func (f *File) Close() error {
	running, err := f.shut()
	if running != nil {
		f.fs.dispatch.await(running)
	}
	return err
}

// shut is Close, except that it does not wait for the callback that it
// returns.
func (f *File) shut() (*run, error) {
	f.mu.Lock()
	if err := f.usable("close"); f.closed {
		f.mu.Unlock()
		return nil, err
	}
	f.closed = true
	f.cancelReads()
	if f.write != nil {
		f.write.close()
	}
	if f.write == nil || !f.write.busy() {
		f.releaseLock() // or after the commit, which needs it
	}
	f.fs.budget.wake(f)
	f.progress()
	f.setWaiting(0, 0)
	running := f.callback.running
	gone := f.tearDown()
	f.mu.Unlock()
	if gone && f.born {
		f.fs.forget(f)
	}
	f.fs.settle()
	return running, nil
}

// tearDown frees what is left of a closed file once nothing is in flight: first
// the descriptor, then the lock. It reports true when that is done. The caller
// holds f.mu.
func (f *File) tearDown() (gone bool) {
	if !f.closed || f.inflight > 0 || f.write != nil && f.write.busy() {
		return false
	}
	if f.state == fileOpen {
		f.state, f.err = fileFailed, pathError("use", f.path, ErrClosed)
		r := newRequest(f, roleClose, backend.OpClose)
		r.op.Handle, r.op.Path = &f.handle, f.path
		f.queueRequest(r)
		return false
	}
	if f.torn {
		return false
	}
	f.torn = true
	f.releaseLock()
	f.fs.stats.addReads(f)
	return true
}
