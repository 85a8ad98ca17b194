package backend

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const unnamedFlag = unix.O_TMPFILE

func fullSync(fd int) error { return unix.Fsync(fd) }
func dataSync(fd int) error { return unix.Fdatasync(fd) }

func syncRange(fd int, off, n int64) error {
	return unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE)
}

func allocate(fd int, off, n int64) error {
	return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, off, n)
}

func rename(op *Op) error {
	flags := uint(0)
	if op.Rename&RenameNoReplace != 0 {
		flags |= unix.RENAME_NOREPLACE
	}
	if op.Rename&RenameExchange != 0 {
		flags |= unix.RENAME_EXCHANGE
	}
	return unix.Renameat2(unix.AT_FDCWD, op.Path, unix.AT_FDCWD, op.NewPath, flags)
}

// link names an open file through /proc, which needs no privilege, unlike
// AT_EMPTY_PATH.
func link(op *Op, fd int) error {
	old, flags := op.Path, 0
	if fd >= 0 {
		old, flags = ProcPath(fd), unix.AT_SYMLINK_FOLLOW
	}
	return unix.Linkat(unix.AT_FDCWD, old, unix.AT_FDCWD, op.NewPath, flags)
}

// ProcPath returns the path under which a process finds its own descriptor.
func ProcPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// maxIOV is the kernel's limit of buffers in one call.
const maxIOV = 1024

func preadv(fd int, bufs [][]byte, off int64) (int, error) {
	return unix.Preadv(fd, bufs[:min(len(bufs), maxIOV)], off)
}

func pwritev(fd int, bufs [][]byte, off int64) (int, error) {
	return unix.Pwritev(fd, bufs[:min(len(bufs), maxIOV)], off)
}
