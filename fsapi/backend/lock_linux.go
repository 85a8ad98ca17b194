package backend

import "golang.org/x/sys/unix"

// reopen opens the file behind fd once more.
func reopen(fd int, path string, kind LockKind) (int, error) {
	return openAny(ProcPath(fd), reopenFlags(kind))
}

func lockFD(fd int, kind LockKind) error {
	if kind == LockFlock {
		return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	return wholeFile(fd, unix.F_WRLCK)
}

func unlockFD(fd int, kind LockKind) error {
	if kind == LockFlock {
		return unix.Flock(fd, unix.LOCK_UN)
	}
	return wholeFile(fd, unix.F_UNLCK)
}

// wholeFile sets an open-file-description lock from offset 0 to infinity.
func wholeFile(fd int, how int16) error {
	return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: how})
}
