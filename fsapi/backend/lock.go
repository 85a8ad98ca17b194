package backend

import "io/fs"

// TryLock is the Locker of every engine whose handles are descriptors. The
// lock gets a descriptor of its own, for the same file that h has open,
// whatever its name is by now. Closing h does not release it; Unlock does, and
// so does the end of the process.
//
// LockFlock conflicts with flock(2) of anybody. LockRecord is a write lock over
// the whole file that conflicts with POSIX record locks (fcntl, what Dovecot
// takes on its index files) but belongs to the descriptor, so that closing
// another descriptor of the file does not drop it; the file must be writable
// by us, and outside Linux it is ErrUnsupported.
func TryLock(h *Handle, path string, kind LockKind) (l Lock, held bool, err error) {
	if !h.IsOpen() {
		return nil, false, invalid("lock of a handle that is not open")
	}
	l, held, err = tryLock(h, path, kind)
	if err != nil {
		return nil, false, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return l, held, nil
}
