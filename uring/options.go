package uring

// Options says how large an engine is. The zero Options is right for a server.
type Options struct {
	// Depth is the number of operations in flight over all rings, counted
	// until they have been reaped; 0 means 512. It is at least
	// backend.MaxChain and at most 32768.
	Depth int
	// Rings is the number of rings; 0 means one for each of GOMAXPROCS. It is
	// at most 64.
	Rings int
	// Workers limits the kernel's worker threads of a ring for operations that
	// would block (creating, writing on most file systems, syncing); 0 means
	// 32. The kernel applies the limit to each thread that submits.
	Workers int
}

const (
	defaultDepth   = 512
	maxDepth       = 1 << 15
	maxRings       = 64
	defaultWorkers = 32
)

// Stats counts since New.
type Stats struct {
	Enters    uint64 // io_uring_enter calls
	Submitted uint64 // submission queue entries that the kernel has taken
	Completed uint64 // operations that have finished
	Helped    uint64 // operations handed to the helper pool
	Overflows uint64 // times the completion queue had overflowed
}
