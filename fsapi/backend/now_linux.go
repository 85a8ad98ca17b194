package backend

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// HasReadNow: this platform has a read that cannot block.
const HasReadNow = true

// ReadNow is the NowReader of every engine whose handles are descriptors:
// preadv2 with RWF_NOWAIT, which gives what the page cache holds and EAGAIN
// for the rest. It reports false on any error: the operation that follows will
// meet the error again and can wait.
func ReadNow(h *Handle, p []byte, off int64) (n int, ok bool) {
	if len(p) == 0 || off < 0 { // the system call takes -1 for the file position
		return 0, false
	}
	iov := unix.Iovec{Base: &p[0]}
	iov.SetLen(len(p))
	for {
		// The system call takes the offset in two halves; on 64-bit platforms
		// the low one is all of it.
		r, _, errno := syscall.Syscall6(unix.SYS_PREADV2, uintptr(h.FD()),
			uintptr(unsafe.Pointer(&iov)), 1, uintptr(off), 0, unix.RWF_NOWAIT)
		if errno == 0 {
			return int(r), true
		}
		if errno != syscall.EINTR {
			return 0, false
		}
	}
}
