//go:build linux || darwin

package backend

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var poller struct {
	mu      sync.Mutex
	running bool
}

// StartPoller starts the Go runtime's network poller, on which timers and
// waiting for descriptors depend. The runtime does so by itself, but ends the
// process if the two descriptors for it are not to be had. Here that is an
// error around EMFILE or ENFILE. Whoever uses timers or the poller where
// descriptors may be scarce calls it first; all calls after a success are free.
func StartPoller() error {
	poller.mu.Lock()
	defer poller.mu.Unlock()
	if poller.running {
		return nil
	}
	if err := roomForPoller(); err != nil {
		return fmt.Errorf("no descriptors left for the network poller: %w", err)
	}
	time.AfterFunc(time.Hour, func() {}).Stop() // a timer that is set starts the poller
	poller.running = true
	return nil
}

// roomForPoller takes two descriptors and gives them back.
func roomForPoller() error {
	syscall.ForkLock.RLock() // no child may inherit them
	defer syscall.ForkLock.RUnlock()
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		return err
	}
	unix.Close(fds[0])
	unix.Close(fds[1])
	return nil
}
