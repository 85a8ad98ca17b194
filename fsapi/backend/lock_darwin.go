package backend

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// reopen opens the file behind fd once more, by its name: darwin has no other
// way. It fails if the name means another file by now.
func reopen(fd int, path string, kind LockKind) (int, error) {
	again, err := openAny(path, reopenFlags(kind))
	if err != nil {
		return -1, err
	}
	var was, is unix.Stat_t
	if err = unix.Fstat(fd, &was); err == nil {
		err = unix.Fstat(again, &is)
	}
	if err == nil && (was.Dev != is.Dev || was.Ino != is.Ino) {
		err = fs.ErrNotExist
	}
	if err != nil {
		unix.Close(again)
		return -1, err
	}
	return again, nil
}

func lockFD(fd int, kind LockKind) error {
	if kind == LockFlock {
		return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	return unsupported(unix.ENOTSUP)
}

// unlockFD: every lock is a flock here.
func unlockFD(fd int, _ LockKind) error { return unix.Flock(fd, unix.LOCK_UN) }
