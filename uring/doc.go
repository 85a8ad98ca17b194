// Package uring executes file operations with Linux io_uring. It implements
// backend.Backend for linux/amd64 and linux/arm64; elsewhere New says that
// there is none.
//
//	e, err := uring.New(uring.Options{})
//	if errors.Is(err, backend.ErrUnavailable) {
//		// err says why, and what an operator can do; use the thread pool
//	}
//	started, finished, err := e.Submit(ops, done)
//	n, err := e.Reap(done)
//
// # How it works
//
// There is one ring (a shard) for each P of the Go scheduler, under a mutex.
// Submit takes the shard that its P used last, or the next one that is free,
// prepares an entry for every operation and gives all of them to the kernel in
// one io_uring_enter. What the page cache can serve is then finished: it is
// collected under the same lock, with no goroutine switch and no allocation.
//
// What stays pending is waited for in Reap, by a read of one eventfd that all
// rings signal, parked in Go's netpoller: no thread waits, no goroutine loops,
// and nothing is polled. The eventfd is switched off in every ring except
// while somebody waits for something that is pending.
//
// An operation in flight is in a slot, and the slot's identifier is what the
// kernel knows it by; beside it stands a flight with all the memory that the
// kernel reads and writes for it. An entry that the kernel did not take stays
// queued, with its memory, and is offered again.
//
// Everything a shard does is one loop (shard.drive): prepare what is ready, give
// it to the kernel, handle what has completed. Handling makes more ready: the
// rest of a short transfer, the next member of a chain. So a batch of chains
// moves forward in step, one call for each step of all of them.
//
// # Chains
//
// Members that follow a read or a write whose file is open already go down
// linked to it, so that a write and its sync are one call. No other link is
// used: the kernel breaks a link when a transfer was short or an open failed,
// but goes on behind a rename, mkdir, stat or fsync that failed. A broken link
// is not taken for a result either. What the kernel cancelled because of it
// starts again when its turn has really come, so a sync never counts that did
// not follow the whole write.
//
// Behind an open the chain goes on in the next call, of the same Submit if the
// open finished at once. One call for open, read and close was built and
// measured: with cold files it took 1.4 times as long, since a linked read waits
// for the device in one of the kernel's workers, while a read that Submit queues
// waits without one. The first read of a file that the chain has opened takes
// a second read of one byte along, at the file's own position, whose 0 bytes
// confirm the end of the file without another call.
//
// A chain that opens a file, reads it and closes it (a small mail) uses a direct
// descriptor, and the read and the close go down together: thirty-two small
// files are two calls. As long as files turn out to be in the page cache, that
// second call does without links too (see direct). In CPU time for each file,
// one goroutine, the steps were worth: direct descriptors 0.93 of three calls,
// no links 0.93 of that, opening relative to the directory (Op.Dir) 0.89 of
// opening by a path of six elements.
//
// # What the ring does not do
//
// Listing directories, kinds that this kernel's ring lacks (the kernel is asked,
// not its version), and operations that it refuses without a final answer go
// to a small pool of goroutines that exist only while there is work. So do the
// permissions of a created file if they still have to be changed.
//
// Not used, on purpose: a kernel thread that polls (SQPOLL: the same speed for
// twice the CPU time), REGISTER_EVENTFD_ASYNC (misses reads that the kernel
// retries), waiting inside io_uring_enter (blocks a thread, or the ring), raw
// system calls (see enter).
//
// # What users must know
//
//   - Buffers must not lie on a goroutine's stack, which moves. See backend.Op.
//   - Create the engine after setuid and the like: the rings keep what their
//     creator was allowed to do.
//   - A forked child must not use the engine. Starting programs with os/exec is
//     fine: all descriptors are closed there.
//   - A lock of flock(2) on a descriptor that is in flight outlives a killed
//     process for some milliseconds. TryLock therefore uses a descriptor of its
//     own that no ring sees.
//   - Closing any descriptor of a file, also through the ring, drops the POSIX
//     record locks that the process has on the file.
//   - Buffered writes, creating, naming and syncing block in the kernel, which
//     gives them to its own worker threads. That buys concurrency, not speed:
//     a lone small write is slower than write(2). Batch them, and link the sync.
//   - A lone read of cached data costs more than pread(2). Use ReadNow first,
//     and batches.
//   - A read that waited for the device is completed by the thread that
//     submitted it. A thread that is deep in a blocking system call of somebody
//     else's delays it.
//   - The race detector does not see the kernel's writes to buffers.
//   - After a lost completion the engine is broken: every call returns the same
//     error, and operations in flight do not come back, since the kernel may
//     still write to their buffers.
//
// # Reading the source
//
// engine (the parts and their life), submit, reap, cancel and close (the
// interface), shard (one ring's loop), launch and prepare (operation to entry),
// complete, chain and direct (completion to result, and on), register (what the
// rings know beforehand), flight (an operation's state), wakeups (waiting),
// helper (the pool), ring (the two queues), probe, enter and abi (the kernel's
// interface).
package uring
