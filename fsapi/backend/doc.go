// Package backend is what the FS API and its engines agree on: one operation
// type, one interface, one errno policy. It is a leaf: it imports nothing else
// of this module, so that anybody can write an engine (a fault injector, a
// simulated disk, an object store) against it alone.
//
// # The model
//
// An [Op] describes one operation on files: open, read, write, sync, rename
// and so on. The submitter fills it in and hands it to [Backend.Submit], many
// at a time. From then on it belongs to the backend, with everything that it
// points to (the buffers, the handle), until it comes back from Submit's done
// slice or from [Backend.Reap]. There are no callbacks: who reaps decides on
// which goroutine completions are handled, and no engine ever calls user code.
//
//	ops := []*backend.Op{
//		{Kind: backend.OpOpen, Path: "m.1", Handle: h, Link: true},
//		{Kind: backend.OpRead, Handle: h, Buf: buf},
//	}
//	started, finished, err := b.Submit(ops, done)
//	...
//	n, err := b.Reap(done) // waits until at least one is finished
//
// # Chains
//
// An operation with Link set forms a chain with the one after it in the same
// batch: the second starts when the first has succeeded, so an open and the
// first read of the file go down together. When a member fails, those after it
// finish with [ErrCanceled]; only an [OpClose] still runs if its handle is
// open, so that a chain of open, read, close leaks nothing. A chain has at most
// [MaxChain] members, and Submit takes all of them or none.
//
// # What an engine takes care of
//
// Interrupted calls, EAGAIN, short transfers and operations that this kernel
// lacks are the engine's business; the one table for that is in errno.go. What
// reaches the submitter is a result: N and EOF, or an error that names
// operation, path and offset and that errors.Is and errors.As look through.
//
// # Reading the source
//
// op.go (the vocabulary), backend.go (the interface), errno.go (which errno
// means what), slots.go (bounded operations in flight), exec*.go (one operation
// done synchronously, per platform), sync.go (the reference engine, twenty
// lines of logic), backendtest (what every engine must pass), fault (a
// decorator that makes things go wrong), simdisk (an engine in memory that loses
// power).
package backend
