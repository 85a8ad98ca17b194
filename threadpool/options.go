package threadpool

import (
	"fmt"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// QueueKind selects the queue between submitters and workers.
type QueueKind int

// The queues; the zero value is the better one as measured (see README.md).
const (
	MutexQueue    QueueKind = iota // a list under a mutex with a condition variable
	LockFreeQueue                  // a bounded ring of sequence numbers; only parking takes a lock
)

func (k QueueKind) String() string {
	switch k {
	case MutexQueue:
		return "mutex"
	case LockFreeQueue:
		return "lock-free"
	}
	return fmt.Sprintf("QueueKind(%d)", int(k))
}

// Bounds and defaults of Options.
const (
	DefaultWorkers = 10
	DefaultDepth   = 256
	MaxWorkers     = 1024 // far below the 10,000 threads at which the Go runtime gives up
	MaxDepth       = 1 << 16
)

// Options configures a Pool.
type Options struct {
	Workers int       // operations that block in system calls at the same time, 1 to MaxWorkers; 0 = DefaultWorkers
	Depth   int       // operations in flight, finished and unreaped ones included, 1 to MaxDepth; 0 = DefaultDepth; less than backend.MaxChain counts as that
	Queue   QueueKind // the zero value is the better one
}

// withDefaults returns o ready for use, or an error that names the bad field.
func (o Options) withDefaults() (Options, error) {
	if o.Workers < 0 || o.Workers > MaxWorkers {
		return o, fmt.Errorf("%w: Workers is %d, not in 0 to %d", backend.ErrInvalid, o.Workers, MaxWorkers)
	}
	if o.Depth < 0 || o.Depth > MaxDepth {
		return o, fmt.Errorf("%w: Depth is %d, not in 0 to %d", backend.ErrInvalid, o.Depth, MaxDepth)
	}
	if o.Queue != MutexQueue && o.Queue != LockFreeQueue {
		return o, fmt.Errorf("%w: Queue is %v, neither MutexQueue nor LockFreeQueue", backend.ErrInvalid, o.Queue)
	}
	if o.Workers == 0 {
		o.Workers = DefaultWorkers
	}
	if o.Depth == 0 {
		o.Depth = DefaultDepth
	}
	o.Depth = max(o.Depth, backend.MaxChain) // or Submit could never take a whole chain
	return o, nil
}
