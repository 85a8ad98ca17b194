package fsapi

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// commit is one commit under way: a row of steps, each of which queues
// requests and names the step that follows when they have all come back. What
// the steps are differs for a created file (create.go) and an append
// (append.go).
type commit struct {
	w       *writeState
	then    func(*commit) // the next step
	pending int           // requests of this step that are out
	aborted bool          // by Close: take it back if that is still possible
	group   *group        // nil: alone
	passed  int           // barriers of the group

	// Results of the step that has ended.
	err        error
	syncFailed bool
	info       backend.Info // of the file, and of what has its name
	there      backend.Info
	n          int // bytes read

	// Of a created file.
	target    string // the name it shall have
	tries     int    // of finding out whether that exists
	exchanged bool   // the old file is under the temporary name now
	replaced  bool   // the old file, if there was one, has lost its name
	kept      string // a second name of the old file
	fresh     bool   // there was no old file

	// Of an append.
	base   int64 // length of the file before
	end    int64 // behind what has been written or may have been
	copied int64 // bytes of the scratch file that have been copied
	piece  *buffer
	place  ticket // in line for the piece
	cause  error  // of taking it back
}

// Commit makes everything written since the last commit durable and visible,
// for a created file under the name it was created with. nil means that it is
// done: with SyncAlways, a power cut does not undo it. ErrAgain means that it
// is under way; the output callback fires when it has settled, and the next
// call of Commit returns the result, once. With nothing written there is
// nothing to do, and Commit returns nil.
//
// A created file is synced, then named (the check of FailIfExists is atomic
// with that), then its directory is synced. If anything fails, the old state
// is there and the temporary file is gone. Only when the name is taken
// (fs.ErrExist) nothing is lost, and another name can be tried with CommitAs.
//
// An append goes to the end of the file as it is then: callers who share a file
// exclude each other with TryLock. Others can see what it appends before it is
// durable (see the package comment). After a failure the file has its old
// length; after a crash it may have a torn tail.
//
// After any error Write and Commit return it again until Rollback; after a
// failed sync for good.
func (f *File) Commit() error { return f.commitAs("") }

// CommitAs is Commit under another name: a name in the directory that the file
// was created for, or a path on the same file system. Only a created file that
// has no name yet can be named.
func (f *File) CommitAs(filename string) error {
	if filename == "" {
		return pathError("commit", "", backend.ErrInvalid)
	}
	return f.commitAs(filename)
}

func (f *File) commitAs(filename string) error {
	f.mu.Lock()
	_, err := f.startCommit(filename, nil)
	f.says(err)
	f.mu.Unlock()
	f.fs.settle()
	return err
}

// startCommit is Commit with f.mu held. It returns the commit if it has started
// one.
func (f *File) startCommit(filename string, g *group) (*commit, error) {
	f.callback.wantOutput = false
	w := f.write
	if f.readOnly() {
		return nil, pathError("commit", f.path, ErrNotWritable)
	}
	// When the file could not be opened, what has spilled may still be there.
	cleaning := !f.closed && w != nil && (w.busy() || w.unclean())
	if err := f.usable("commit"); err != nil && !cleaning {
		return nil, err
	}
	switch {
	case w.commit != nil:
		f.callback.wantOutput = true
		return nil, ErrAgain
	case w.settled:
		w.settled = false
		return nil, w.result
	case w.poison != nil:
		return nil, w.poison
	case w.err != nil && !w.unclean():
		return nil, w.err
	case filename != "" && w.create == nil:
		return nil, pathError("commit as", f.path, ErrNamed)
	case w.nothing() && f.state == fileOpen:
		return nil, nil
	}
	c := &commit{w: w, group: g}
	if w.create != nil {
		c.target = f.target(filename)
	}
	w.commit = c
	f.wakeWriter()
	c.begin()
	f.callback.wantOutput = true
	return c, ErrAgain
}

// target returns the path that filename means.
func (f *File) target(filename string) string {
	if filename == "" {
		return f.path
	}
	if strings.ContainsRune(filename, '/') || strings.ContainsRune(filename, filepath.Separator) {
		return filename
	}
	return filepath.Join(filepath.Dir(f.path), filename)
}

// begin starts the steps as soon as nothing is in flight that they depend on.
func (c *commit) begin() {
	w, f := c.w, c.w.file
	switch {
	case w.flushing > 0 || w.scratch != nil && w.scratch.state == fileOpening:
	case f.state == fileOpening:
	case f.state == fileFailed:
		c.fail(f.err)
	case w.err != nil:
		c.settleClean(w.err)
	case c.aborted:
		c.settle(ErrClosed)
	case w.create != nil:
		c.writeCreated()
	case w.nothing(): // it was only asked whether the file is there
		c.settle(nil)
	default:
		c.measure()
	}
}

// nothing reports whether there is nothing to commit.
func (w *writeState) nothing() bool {
	return w.create == nil && w.err == nil && w.buffered == 0 && w.flushing == 0 && w.scratch == nil
}

// send queues the requests of a step, and names the next one.
func (c *commit) send(first *request, then func(*commit)) {
	c.err, c.then = nil, then
	for r := first; r != nil; r = r.next {
		r.commit = c
		c.pending++
	}
	c.w.file.queueRequest(first)
}

// came takes back a request of this step and goes on after the last one.
func (c *commit) came(r *request) {
	c.pending--
	err := resultOf(r)
	c.err = causeOf(c.err, err)
	switch r.op.Kind {
	case backend.OpStat:
		if r.op.Handle != nil {
			c.info = r.op.Info
		} else {
			c.there = r.op.Info
		}
	case backend.OpRead:
		c.n = r.op.N
	case backend.OpSync, backend.OpDatasync:
		c.syncFailed = c.syncFailed || err != nil && !isCanceled(err)
	}
	if c.pending == 0 {
		c.then(c)
	}
}

// syncs reports whether commits wait for the device.
func (c *commit) syncs() bool { return c.w.file.fs.sync == SyncAlways }

// fail ends the commit with an error that stays until Rollback or, if a sync
// has failed, for ever: what the device has is unknown then, and the kernel has
// forgotten that it failed, so a repeated sync would lie.
func (c *commit) fail(err error) {
	w := c.w
	if c.syncFailed {
		err = fmt.Errorf("%w: %w", ErrPoisoned, err)
		w.poison = err
	}
	w.fail(err)
	c.settleClean(err)
}

// settleClean tells nobody before the temporary file is gone.
func (c *commit) settleClean(err error) {
	if c.w.unclean() {
		c.w.leaving.gone = func() { c.settle(err) }
		return
	}
	c.settle(err)
}

// settle ends the commit.
func (c *commit) settle(err error) {
	w, f := c.w, c.w.file
	w.commit = nil
	if c.group != nil {
		c.group.leave(c)
	}
	if f.closed {
		w.discard()
		return
	}
	w.settled, w.result = true, err
	f.progress()
	f.postOutput()
}

// closing is told that the file is being closed. A commit that waits for the
// rest of its group ends now; any other finds out at its next step.
func (c *commit) closing() {
	c.aborted = true
	if c.group != nil && c.group.data.remove(c) {
		c.syncData()
	}
}
