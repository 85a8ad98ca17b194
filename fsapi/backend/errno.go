//go:build linux || darwin

package backend

import "syscall"

// Verdict says what an engine does about an errno.
type Verdict uint8

// The verdicts of Judge.
const (
	Fail        Verdict = iota // the operation has failed: report it
	Retry                      // the same call again, at once
	Helper                     // the ring cannot do it: execute it synchronously elsewhere; that verdict is final
	Ignore                     // it counts as success (a hint that this file system does not take)
	Canceled                   // it was cancelled: report ErrCanceled
	Unsupported                // report ErrUnsupported around the errno: the caller has another way
)

// Judge is the one errno policy: what e means as the result of op. fromRing
// says that the errno came out of a completion; there, some mean only that the
// ring could not do the operation and that an ordinary system call may.
func Judge(op *Op, e syscall.Errno, fromRing bool) Verdict {
	switch e {
	case syscall.EINTR:
		if op.Kind == OpClose {
			return Ignore // the descriptor is gone; closing again could hit another file
		}
		return Retry
	case syscall.ECANCELED:
		if fromRing {
			return Canceled
		}
	case syscall.EAGAIN:
		// XFS and old kernels let it out of the ring; no blocking call on a
		// regular file returns it.
		if fromRing {
			return Helper
		}
	}
	if saysUnsupported(e) {
		return judgeUnsupported(op, fromRing)
	}
	return Fail
}

// saysUnsupported: the errnos with which kernels and file systems say "not
// this operation", among other things. EISDIR is what kernels say to an
// O_TMPFILE that they do not know, whose bits meant a directory before.
func saysUnsupported(e syscall.Errno) bool {
	return e == syscall.EINVAL || e == syscall.ENOSYS || e == syscall.EOPNOTSUPP ||
		e == syscall.ENOTSUP || e == syscall.EISDIR
}

func judgeUnsupported(op *Op, fromRing bool) Verdict {
	switch {
	case fromRing:
		return Helper
	case op.Kind == OpSyncRange || op.Kind == OpAllocate:
		return Ignore
	case op.Kind == OpRename && op.Rename != 0:
		return Unsupported
	case op.Kind == OpOpen && op.Open&OpenUnnamed != 0:
		return Unsupported
	}
	return Fail
}
