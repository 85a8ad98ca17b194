//go:build unix

package workload

import (
	"io/fs"
	"os"
	"syscall"
)

// readSyscalls reads a file with open, fstat, pread and close and nothing around
// them, into buf if it is large enough.
func readSyscalls(path string, buf []byte) (_ []byte, err error) {
	fd := -1
	if err := again(func() error { fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); return err }); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	var stat syscall.Stat_t
	if err := again(func() error { return syscall.Fstat(fd, &stat) }); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	if size := int(stat.Size); cap(buf) < size {
		buf = make([]byte, size)
	}
	n := 0
	err = again(func() error { n, err = syscall.Pread(fd, buf[:stat.Size], 0); return err })
	return buf[:max(n, 0)], os.NewSyscallError("pread", err)
}

// again repeats a system call that a signal has interrupted.
func again(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}
