// Package fsapi is an asynchronous API for the files of a mail store: the one
// that Dovecot's author designed in 2010 for the dbox formats, on engines that
// did not exist then. One process can serve many connections without a thread
// for each, and put many requests before the kernel at once.
//
//	fs, err := fsapi.New(fsapi.Options{})
//	f := fs.Open("m.1", fsapi.ReadOnly) // cannot fail, does not wait
//	f.SetInputCallback(func() { … })    // more can be read
//	n, err := f.Pread(p, off)           // ErrAgain: not there yet
//
// # Three ways to use it
//
// With callbacks: a call that would have to wait returns [ErrAgain], and the
// file's input or output callback fires when it is worth repeating. Callbacks
// run on goroutines of the package.
//
// With an event loop: call, collect what said ErrAgain, [FS.Wait], repeat. No
// goroutine but your own is needed.
//
// With goroutines: [NewReader] and [NewWriter] wait, with a context, and are
// ordinary io.Readers and io.Writers. [FS.ReadFiles], [FS.CommitAll] and
// [FS.Batch] put many files into one system call. [FS.DirFS] is an io/fs view.
//
// # Writing
//
// Files are created or appended to, never overwritten. What is written is seen
// by nobody before [File.Commit] has succeeded, and then it is on the device
// and under its name. A created file gathers its data in memory and in a
// temporary file `.temp.…` beside the final name; an append gathers it in
// memory and in a file without a name, and touches the visible file only in
// the commit. While that lasts, a reader that looks behind the old end can meet
// bytes that are not durable yet, or that a failure will cut off again: there
// is no way to hide them from other processes. Readers who must not have that
// take the lock, as writers do, or follow an index that is written after the
// commit, as those of dbox files do. The steps of a commit, and what each
// failure leaves, are in create.go and append.go.
//
// # Memory
//
// Read-ahead and unwritten data of all files together are bounded by
// Options.BufferLimit; who finds the memory taken gets ErrAgain and waits in
// line (budget.go). Under pressure, data that was read ahead and not fetched is
// dropped and read again later, and unwritten data moves to temporary files.
// Beyond the limit there is one buffer of 32 KiB for each ReadFiles under way.
// An open file that is idle holds no buffer.
//
// # Engines
//
// [Options].Backend chooses between the io_uring engine and the thread pool at
// run time; [FS.Backend] says which one it is and why. Operators choose with
// the environment variable FSAPI_BACKEND where the program leaves it open.
// Options.Engine takes an engine of your own (see package backend): a fault
// injector, a simulated disk, an object store.
//
// # Reading the source
//
// Start with fs.go and file.go. A call turns into requests (request.go), which
// gather in a queue (queue.go) until somebody submits them all at once; one
// goroutine reaps the engine and completes requests; a completion changes the
// state of its file and wakes who waits (wait.go) or posts a callback
// (callback.go, dispatch.go). Reading is read.go. Writing is write.go and
// scratch.go; a commit is a row of steps in commit.go, create.go, append.go,
// with dirsync.go and group.go for what commits share. reader.go, writer.go,
// instream.go, outstream.go, readfiles.go, trystat.go, dir.go, iofs.go and
// lock.go are thin layers on top.
//
// Locks are taken in this order: File, then any one of FS, budget, queue,
// dispatcher, dirSyncs, readiness or barrier. No callback and no completion
// runs under a lock.
package fsapi
