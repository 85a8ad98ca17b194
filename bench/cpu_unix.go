//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime returns the user and system time of the process so far. The kernel's
// io_uring workers are threads of the process and count.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
