//go:build linux && (amd64 || arm64)

package uring

import (
	"syscall"

	abi "github.com/iceber/iouring-go/syscall"
)

// enterFunc is io_uring_enter: it gives the kernel entries and returns how
// many it took, or the kernel's own errno, by which the engine decides.
type enterFunc func(fd int, submit, flags uint32) (int, syscall.Errno)

// enter never waits for completions; waiting is the netpoller's business.
//
// A raw system call, unknown to the Go scheduler, would save a few percent of
// a lone read, and nothing of a batch. But a read whose blocks the file system
// has to look up first can wait for the device in here, and then would hold up
// its P, and with it the next garbage collection, for as long.
func enter(fd int, submit, flags uint32) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(abi.SYS_IO_URING_ENTER, uintptr(fd), uintptr(submit), 0, uintptr(flags), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
