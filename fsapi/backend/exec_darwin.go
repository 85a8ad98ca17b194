package backend

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unnamedFlag: darwin has no unnamed files. A directory opened for writing is
// EISDIR, which Judge takes for that, and anything else is not opened at all.
const unnamedFlag = unix.O_DIRECTORY

// fullSync asks for the device's own cache to be written out, which fsync(2)
// does not do on darwin. File systems without the request get fsync.
func fullSync(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
	if err == unix.ENOTSUP || err == unix.EINVAL || err == unix.ENOTTY {
		return unix.Fsync(fd)
	}
	return err
}

func dataSync(fd int) error { return fullSync(fd) }

func syncRange(fd int, off, n int64) error { return nil }

// allocate: darwin's F_PREALLOCATE reserves relative to the end of the file
// and cannot keep to a range; the hint is not taken.
func allocate(fd int, off, n int64) error { return nil }

func rename(op *Op) error {
	switch {
	case op.Rename&RenameNoReplace != 0:
		return unix.RenamexNp(op.Path, op.NewPath, unix.RENAME_EXCL)
	case op.Rename&RenameExchange != 0:
		return unix.RenamexNp(op.Path, op.NewPath, unix.RENAME_SWAP)
	}
	return unix.Rename(op.Path, op.NewPath)
}

// link cannot name an open file on darwin.
func link(op *Op, fd int) error {
	if fd >= 0 {
		return unsupported(syscall.ENOTSUP)
	}
	return unix.Link(op.Path, op.NewPath)
}

func preadv(fd int, bufs [][]byte, off int64) (int, error) {
	return unix.Pread(fd, bufs[0], off)
}

func pwritev(fd int, bufs [][]byte, off int64) (int, error) {
	return unix.Pwrite(fd, bufs[0], off)
}
