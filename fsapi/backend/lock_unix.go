//go:build linux || darwin

package backend

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// fdLock is a lock on a descriptor of its own.
type fdLock struct {
	fd   int
	kind LockKind
}

func tryLock(h *Handle, path string, kind LockKind) (Lock, bool, error) {
	fd, err := reopen(h.FD(), path, kind)
	if err != nil {
		return nil, false, err
	}
	err = ignoringEINTR(func() error { return lockFD(fd, kind) })
	if err == nil {
		return fdLock{fd, kind}, false, nil
	}
	unix.Close(fd)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EACCES) {
		return nil, true, nil
	}
	return nil, false, err
}

// Unlock releases the lock before it closes the descriptor: a child process
// that is between fork and exec has the descriptor as well, so that closing
// ours would leave the lock until that child gets on.
func (l fdLock) Unlock() error {
	err := ignoringEINTR(func() error { return unlockFD(l.fd, l.kind) })
	if closing := unix.Close(l.fd); err == nil && closing != syscall.EINTR {
		err = closing
	}
	return err
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); err != syscall.EINTR {
			return err
		}
	}
}

// reopenFlags: a record lock for writing needs a descriptor for writing; flock
// takes any, and the file may be writable for us but not readable.
func reopenFlags(kind LockKind) []int {
	if kind == LockRecord {
		return []int{unix.O_RDWR}
	}
	return []int{unix.O_RDONLY, unix.O_WRONLY}
}

func openAny(path string, flags []int) (fd int, err error) {
	for _, f := range flags {
		err = ignoringEINTR(func() (err error) {
			fd, err = unix.Open(path, f|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
			return err
		})
		if err != syscall.EACCES {
			break
		}
	}
	return fd, err
}
