package fsapi

import (
	"github.com/ringbox/ringbox/fsapi/backend"
)

// TryLock takes an exclusive flock(2) lock on the file, as Dovecot does on its
// message files. It never waits: ErrLocked means that somebody else has it,
// another handle of this process or another process; ErrAgain that the open is
// still under way (the output callback fires when it has finished). The lock
// lives as long as the handle, or until Unlock; on a created file it also ends
// with Rollback. Locking twice is no error.
func (f *File) TryLock() error { return f.tryLock(backend.LockFlock) }

// TryLockRecord takes a record lock over the whole file instead, for files that
// others lock with fcntl(2), as Dovecot does with its index files. The handle
// must be an Append handle. On Linux it belongs to the handle, unlike an
// ordinary record lock; elsewhere it is an error.
func (f *File) TryLockRecord() error { return f.tryLock(backend.LockRecord) }

func (f *File) tryLock(kind backend.LockKind) error {
	f.mu.Lock()
	err := f.lockNow(kind)
	f.says(err)
	f.mu.Unlock()
	f.fs.settle()
	return err
}

func (f *File) lockNow(kind backend.LockKind) error {
	f.callback.wantLock = false
	if err := f.usable("lock"); err != nil {
		return err
	}
	if f.lock != nil {
		return nil
	}
	if f.state == fileCreated {
		if err := f.writable("lock"); err != nil {
			return err // the file to lock is gone
		}
	}
	if f.fs.locker == nil {
		return pathError("lock", f.path, backend.ErrUnsupported)
	}
	h, path := f.lockable()
	if h == nil {
		f.callback.wantLock = true
		return ErrAgain
	}
	lock, held, err := f.fs.locker.TryLock(h, path, kind)
	switch {
	case err != nil:
		return err
	case held:
		return pathError("lock", f.path, ErrLocked)
	}
	f.lock = lock
	f.distrust() // who had the lock before us may have changed the file
	return nil
}

// lockable returns the handle to lock, or nil as long as it is not open.
func (f *File) lockable() (*backend.Handle, string) {
	switch f.state {
	case fileOpen:
		return &f.handle, f.path
	case fileCreated:
		if s := f.write.ready(false); s != nil {
			return &s.handle, s.path
		}
	}
	return nil, ""
}

// Unlock gives the lock back. Without one it does nothing.
func (f *File) Unlock() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable("unlock"); err != nil {
		return err
	}
	return f.releaseLock()
}

func (f *File) releaseLock() error {
	if f.lock == nil {
		return nil
	}
	l := f.lock
	f.lock = nil
	return l.Unlock()
}
