package fsapi

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// FS is a file system: the files of this machine, seen through one engine. It
// may be used from any number of goroutines.
type FS struct {
	backend backend.Backend
	now     backend.NowReader // nil: every read is an operation
	locker  backend.Locker    // nil: no locks
	info    BackendInfo
	depth   int
	sync    SyncMode

	queue    queue
	budget   budget // of files
	copying  budget // of commits that copy what they have spilled
	fetching budget // of ReadFiles
	dispatch dispatcher
	dirs     dirSyncs
	stats    stats
	ready    readiness
	reaped   chan struct{} // closed when the reaper has ended

	mu     sync.Mutex
	closed bool
	broken error              // of an engine from which nothing comes back any more
	files  map[*File]struct{} // not torn down yet
	calls  int                // blocking calls under way
	empty  sync.Cond          // files and calls have become 0
}

// New sets up a file system. An explicit Backend that does not work here is an
// error that says why and what an operator can do; Auto falls back to the
// thread pool and keeps the reason in Backend.
func New(o Options) (*FS, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := backend.StartPoller(); err != nil {
		return nil, fmt.Errorf("fsapi: %w (raise RLIMIT_NOFILE: ulimit -n, LimitNOFILE=)", err)
	}
	b, info, err := choose(&o)
	if err != nil {
		return nil, err
	}
	fs := &FS{backend: b, info: info, sync: o.Sync, depth: info.Depth, reaped: make(chan struct{}), files: make(map[*File]struct{})}
	fs.now, _ = b.(backend.NowReader)
	if !backend.HasReadNow && o.Engine == nil {
		fs.now = nil
	}
	fs.locker, _ = b.(backend.Locker)
	fs.divide(o.BufferLimit)
	fs.budget.settled = fs.settle
	fs.dispatch.fs = fs
	fs.dispatch.runners, fs.dispatch.awaits = make(map[goroutine]bool), make(map[goroutine]*run)
	fs.dispatch.idle.L = &fs.dispatch.mu
	fs.dirs.fs = fs
	fs.empty.L = &fs.mu
	go fs.reap()
	return fs, nil
}

// divide divides the memory. What frees other memory, or is held while user
// code runs, has its own share: nobody who waits for it may be waited for.
func (fs *FS) divide(limit int64) {
	fs.copying.limit = min(max(limit/16, maxBuffer), 4*maxBuffer)
	fs.fetching.limit = limit / 8
	fs.budget.limit = limit - fs.copying.limit - fs.fetching.limit
}

// settleBudgets tells those who have been granted memory. The caller holds no
// lock.
func (fs *FS) settleBudgets() {
	fs.budget.settle()
	fs.copying.settle()
}

// Backend says which engine serves the file system and why.
func (fs *FS) Backend() BackendInfo { return fs.info }

// register takes f in. It reports false when the file system is closed.
func (fs *FS) register(f *File) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		return false
	}
	fs.files[f] = struct{}{}
	return true
}

// forget drops f after its last operation.
func (fs *FS) forget(f *File) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.files, f)
	fs.signalEmpty()
}

func (fs *FS) openFiles() []*File {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	files := make([]*File, 0, len(fs.files))
	for f := range fs.files {
		files = append(files, f)
	}
	return files
}

// enter begins a blocking call that is no file's.
func (fs *FS) enter() error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		return ErrClosed
	}
	fs.calls++
	return nil
}

func (fs *FS) leave() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.calls--
	fs.signalEmpty()
}

func (fs *FS) signalEmpty() {
	if len(fs.files) == 0 && fs.calls == 0 {
		fs.empty.Broadcast()
	}
}

// Close closes every file that is still open, waits until nothing is in flight
// any more, and frees the engine. Files and blocking calls get ErrClosed from
// then on. A second Close returns ErrClosed. It waits for callbacks that are
// running, unless it is called from one; it must not be called from the
// function that ReadFiles calls. An engine that has broken down loses what it
// had: that is not waited for, and the error says so.
func (fs *FS) Close() error {
	fs.mu.Lock()
	if fs.closed {
		fs.mu.Unlock()
		return ErrClosed
	}
	fs.closed = true
	fs.mu.Unlock()
	fs.ready.closeAll()
	for _, f := range fs.openFiles() {
		f.shut() // those that are closed already say so; callbacks are waited for below
	}
	fs.settle()
	fs.mu.Lock()
	for fs.broken == nil && (len(fs.files) > 0 || fs.calls > 0) {
		fs.empty.Wait()
	}
	broken := fs.broken
	fs.mu.Unlock()
	if !fs.dispatch.inCallback() {
		fs.dispatch.drain()
	}
	err := fs.backend.Close()
	<-fs.reaped
	if broken != nil {
		return broken
	}
	return err
}

// reapingEnded is told why nothing comes back from the engine any more.
func (fs *FS) reapingEnded(err error) {
	if errors.Is(err, backend.ErrClosed) {
		return
	}
	fs.mu.Lock()
	fs.broken = err
	fs.empty.Broadcast()
	fs.mu.Unlock()
}

func (fs *FS) isClosed() bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.closed
}

// Wait waits until some file can make progress: one on which a call has
// returned ErrAgain and where the data, the room or the result has come since.
// It returns at once when that has happened already, or when no call is
// waiting for anything. An event loop calls Wait and then repeats the calls
// that said ErrAgain. The error is the context's, or ErrClosed.
func (fs *FS) Wait(ctx context.Context) error {
	fs.flush()
	return fs.ready.wait(ctx)
}
