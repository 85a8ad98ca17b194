//go:build linux && (amd64 || arm64)

package uring

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// unavailable says that step failed, why, and what an operator can do.
func unavailable(step string, err error) error {
	return fmt.Errorf("%w: io_uring: %s: %w (%s)", backend.ErrUnavailable, step, err, advice(err))
}

func advice(err error) string {
	var errno syscall.Errno
	errors.As(err, &errno)
	switch errno {
	case syscall.EPERM, syscall.EACCES:
		return "set the sysctl kernel.io_uring_disabled to 0, or allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile"
	case syscall.ENOSYS:
		return "the kernel is older than 5.1 or built without io_uring, or the container's seccomp profile hides it: allow io_uring_setup, io_uring_enter and io_uring_register"
	case syscall.ENOMEM:
		return "raise RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=) or the memory limit, or use fewer rings"
	case syscall.EMFILE, syscall.ENFILE:
		return "raise RLIMIT_NOFILE (ulimit -n, LimitNOFILE=), or use fewer rings"
	}
	return "Linux 5.11 or newer is needed"
}
