//go:build unix

package measure

import (
	"syscall"
	"time"
)

// Process returns what the process has used so far, and with it the children
// that it has waited for.
func Process() Usage {
	var u Usage
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			u = u.Plus(Usage{time.Duration(r.Utime.Nano()), time.Duration(r.Stime.Nano()),
				int64(r.Nvcsw + r.Nivcsw), int64(r.Majflt), int64(r.Minflt)})
		}
	}
	return u
}
