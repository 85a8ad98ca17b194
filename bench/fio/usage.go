package fio

import (
	"context"
	"os"
	"os/exec"
	"sync"

	"github.com/ringbox/ringbox/bench/measure"
)

// cpuTime is what fio and its jobs have used, less what its start costs. fio's
// own figures leave out the threads of posixaio and the kernel's workers, since
// it asks for the thread of the job only.
func cpuTime(whole, start *os.ProcessState) (u measure.Usage) {
	u.User, u.System = whole.UserTime(), whole.SystemTime()
	if start != nil {
		u.User = max(u.User-start.UserTime(), 0)
		u.System = max(u.System-start.SystemTime(), 0)
	}
	return u
}

var (
	startLock sync.Mutex
	started   *os.ProcessState
)

// startUp lets fio read a job and stop, once in a program's life, and returns
// what that has used; nil if it could not be found out.
func startUp(ctx context.Context, path, file string) *os.ProcessState {
	startLock.Lock()
	defer startLock.Unlock()
	if started == nil {
		cmd := exec.CommandContext(ctx, path, "--parse-only", file)
		if cmd.Run() == nil {
			started = cmd.ProcessState
		}
	}
	return started
}
