package engine

import (
	"os"
	"syscall"
)

// SyncFile is fsync, or fdatasync where there is one.
func SyncFile(f *os.File, dataOnly bool) error {
	if !dataOnly {
		return f.Sync()
	}
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
