//go:build unix

package engine

import (
	"os"
	"syscall"
)

// pread is the system call, without what os.File puts around it. A short read is
// not continued: a block lies within its file.
func (e *preadEngine) pread(r *Request) (int, error) {
	for {
		n, err := syscall.Pread(e.fds[r.File], r.Buf, r.Off)
		if err != syscall.EINTR {
			return max(n, 0), os.NewSyscallError("pread", err)
		}
	}
}
