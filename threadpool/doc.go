// Package threadpool is the portable engine of the FS API: it implements
// backend.Backend with ordinary blocking system calls on a bounded number of
// workers, and runs wherever Go runs.
//
//	pool, err := threadpool.New(threadpool.Options{})
//	...
//	started, finished, err := pool.Submit(ops, done)
//	n, err := pool.Reap(done)
//
// # How it works
//
// The unit of work is a chain, one operation or several that are linked; here
// it is called a task. Submit gives every operation a slot (at most Depth are
// in flight), puts the tasks into the queue and returns. A worker takes a task,
// executes its members one after the other and puts them on the done list,
// from which Submit and Reap hand them out. All tasks, slots and lists are made
// once, in New: an operation on its way costs no allocation.
//
// The workers are plain goroutines. A goroutine in a blocking system call has
// its thread to itself anyway, and the runtime gives its processor to another
// one, so that binding workers to threads would only make every hand-over
// between submitter and worker a switch of threads. At most Workers threads
// block in system calls for a pool at one time. Workers start as the work
// comes, one for each task that is not finished until there are Workers of
// them, then stay, parked without using the CPU, until Close.
//
// # Reading the source
//
// options.go, pool.go (the state, New, Close), submit.go (Submit and Reap),
// work.go (what workers and Cancel do), task.go (the life of a chain), done.go
// (finished operations), queue.go (what a queue has to do), queue_mutex.go and
// queue_lockfree.go with eventcount.go (the two queues). README.md compares
// them.
package threadpool
