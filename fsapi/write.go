package fsapi

import (
	"errors"
	"io"
	"slices"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Write buffer sizes in bytes.
const (
	firstChunk = 8 << 10
	// flushSize of unwritten data start a write to the scratch file.
	flushSize = 512 << 10
	// maxFlushes writes to one scratch file are in flight at a time: with one,
	// nothing would be written between its end and the start of the next.
	maxFlushes = 2
	// maxUnwritten is what one file may hold in memory; then Write says
	// ErrAgain until some of it has gone to the scratch file.
	maxUnwritten = 2 << 20
)

// creation is what Create asked for; the file has no name yet.
type creation struct {
	mode CreateMode
	perm Perm
}

// writeState is what a file that can be written to has besides.
type writeState struct {
	file   *File
	create *creation // until the first commit of a created file

	chunks   []*buffer // written and not flushed; the last one has room
	buffered int64     // bytes in chunks
	flushes  int       // writes on their way to the scratch file, maxFlushes at most
	flushing int64     // their bytes
	scratch  *scratch  // nil: nothing has been flushed since the last commit
	leaving  *scratch  // the last one that was given up; it may still be there
	ticket   ticket    // for the next chunk

	err    error // why nothing can be written; until Rollback
	poison error // why nothing can be committed ever again

	commit  *commit // under way
	settled bool    // a commit has ended and its result was not fetched
	result  error
}

func newWriteState(f *File) *writeState {
	w := &writeState{file: f}
	w.ticket.owner = w
	return w
}

// Write takes as much of p as there is room for and returns how much. It
// appends: to what was written before, and, when committed, to the end of the
// file. Nobody sees the data before. ErrAgain means that nothing was taken; the
// output callback fires when there is room. While a commit is under way nothing
// is taken either. p is not kept.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	n, err := f.writeSome(p)
	f.says(err)
	f.mu.Unlock()
	f.fs.settle()
	return n, err
}

// writeSome is Write with f.mu held.
func (f *File) writeSome(p []byte) (int, error) {
	f.callback.wantOutput = false
	if err := f.writable("write"); err != nil {
		return 0, err
	}
	w := f.write
	if w.commit != nil {
		f.callback.wantOutput = true
		return 0, ErrAgain
	}
	if len(p) == 0 {
		return 0, nil
	}
	w.settled = false // the commit before was a success, or can be repeated
	n := w.fill(p)
	if w.buffered >= flushSize {
		w.flush(false)
	}
	if w.buffered > 0 && w.flushing == 0 {
		f.fs.budget.rest(f)
	}
	if n == 0 {
		f.callback.wantOutput = true
		return 0, ErrAgain
	}
	return n, nil
}

// writable returns why f cannot be written to, or nil.
func (f *File) writable(op string) error {
	if f.readOnly() {
		return pathError(op, f.path, ErrNotWritable)
	}
	if err := f.usable(op); err != nil {
		return err
	}
	if f.write.poison != nil {
		return f.write.poison
	}
	return f.write.err
}

// fill copies into chunks what there is room for.
func (w *writeState) fill(p []byte) int {
	n := 0
	for n < len(p) {
		b := w.roomy(len(p) - n)
		if b == nil {
			break
		}
		c := copy(b.room(), p[n:])
		b.used += c
		n += c
		w.buffered += int64(c)
	}
	return n
}

// roomy returns a chunk with room for some of n bytes, or nil.
func (w *writeState) roomy(n int) *buffer {
	last := 0
	if len(w.chunks) > 0 {
		b := w.chunks[len(w.chunks)-1]
		if b.used < len(b.mem) {
			return b
		}
		last = len(b.mem)
	}
	if w.buffered+w.flushing >= maxUnwritten {
		w.flush(true)
		return nil
	}
	size := bufferSize(min(max(n, 2*last, firstChunk), flushSize))
	granted := w.file.fs.budget.ask(&w.ticket, int64(size))
	if granted == 0 {
		return nil
	}
	b := newBuffer(int(granted))
	w.chunks = append(w.chunks, b)
	return b
}

// grant implements the budget's owner: there is room for a chunk.
func (w *writeState) grant() {
	f := w.file
	f.mu.Lock()
	if !f.closed {
		f.fs.budget.rest(f) // who does not come for his bytes loses them again
		f.progress()
		f.postOutput()
	}
	f.mu.Unlock()
}

// answers reports whether Write or Commit would say something else than
// ErrAgain.
func (w *writeState) answers() bool {
	f := w.file
	return w.commit == nil && (w.settled || w.err != nil || w.poison != nil || f.state == fileFailed || w.room())
}

func (w *writeState) room() bool {
	if n := len(w.chunks); n > 0 && w.chunks[n-1].used < len(w.chunks[n-1].mem) {
		return true
	}
	return w.buffered+w.flushing < maxUnwritten && !w.file.fs.budget.waits(&w.ticket)
}

// flush starts writing full chunks to the scratch file, or all of them.
func (w *writeState) flush(all bool) {
	for w.flushes < maxFlushes && w.commit == nil {
		s := w.ready(w.create != nil)
		if s == nil {
			return // goes on when the scratch file is open
		}
		r := w.dataRequest(s, all, maxUnwritten/maxFlushes)
		if r == nil {
			return
		}
		r.role = roleFlush
		w.flushes++
		w.flushing += int64(r.op.Size())
		w.file.wakeWriter()
		if s.state == fileCreated {
			r = chain(s.openRequest(w.create), r)
		}
		w.file.queueRequest(r)
	}
}

// ready returns the scratch file if data can be queued for it: it is open, or
// it can be opened in one chain with the write. Otherwise it sees to it that it
// will be open.
func (w *writeState) ready(chained bool) *scratch {
	if w.scratch == nil {
		w.scratch = w.newScratch()
	}
	s := w.scratch
	switch {
	case s.state == fileOpen || s.state == fileCreated && chained:
		return s
	case s.state == fileCreated:
		w.file.queueRequest(s.openRequest(w.create))
	}
	return nil
}

// dataRequest takes full chunks, or all, into a write to s at its end, as long
// as they are at most limit bytes. It returns nil if there are none.
func (w *writeState) dataRequest(s *scratch, all bool, limit int) *request {
	n := 0
	for size := 0; n < len(w.chunks); n++ {
		b := w.chunks[n]
		size += b.used
		if size > limit || !all && b.used < len(b.mem) {
			break
		}
	}
	if n == 0 {
		return nil
	}
	r := w.writeRequest(w.chunks[:n])
	r.op.Handle, r.op.Path, r.op.Off = &s.handle, w.file.path, s.size // an error names the file that its user knows
	w.chunks = append(w.chunks[:0], w.chunks[n:]...)
	size := int64(r.op.Size())
	w.buffered -= size
	s.size += size
	s.synced = false
	s.watch(r)
	return r
}

// writeRequest returns a request that writes chunks and then gives them back.
func (w *writeState) writeRequest(chunks []*buffer) *request {
	r := newRequest(w.file, roleCommit, backend.OpWrite)
	r.bufs = append(r.bufs, chunks...)
	if len(chunks) == 1 {
		r.op.Buf = chunks[0].filled()
	} else {
		r.op.Kind = backend.OpWritev
		for _, b := range chunks {
			r.op.Bufs = append(r.op.Bufs, b.filled())
		}
	}
	w.file.fs.budget.work(bytesOf(r.bufs))
	return r
}

// giveBack returns the buffers of a write that has come back.
func (w *writeState) giveBack(r *request) {
	if len(r.bufs) == 0 {
		return
	}
	n := bytesOf(r.bufs)
	w.file.fs.budget.work(-n)
	w.file.fs.budget.release(n)
	for _, b := range r.bufs {
		b.free()
	}
}

func bytesOf(bufs []*buffer) int64 {
	n := int64(0)
	for _, b := range bufs {
		n += b.size()
	}
	return n
}

// complete takes back a request that has to do with writing.
func (w *writeState) complete(r *request) {
	w.giveBack(r)
	gone := r.file != nil && r.file.done(r)
	if r.role == roleCleanup {
		return
	}
	if c := w.commit; c != nil && r.commit == c {
		c.came(r)
		return
	}
	if gone {
		return
	}
	switch r.role {
	case roleScratch:
		w.scratchOpened(r)
	case roleFlush:
		w.flushed(r)
	}
	w.file.progress()
	w.file.postOutput()
}

// scratchOpened goes on with what has waited for the scratch file. Where the
// file system has no files without a name, it gets one after all.
func (w *writeState) scratchOpened(r *request) {
	if errors.Is(r.op.Err, backend.ErrUnsupported) && !w.scratch.named {
		w.scratch.path, w.scratch.named = tempName(w.file.path), true
		w.scratch.state = fileCreated
		w.ready(false)
		return
	}
	if r.op.Err != nil {
		w.fail(r.op.Err)
	}
	w.goOn()
}

func (w *writeState) flushed(r *request) {
	w.flushes--
	w.flushing -= int64(r.op.Size())
	err := resultOf(r)
	if isCanceled(err) {
		return // with the open of its chain, whose error says why
	}
	if err != nil {
		w.fail(err)
	}
	w.goOn()
}

// resultOf returns the error of a request; an engine that wrote less than it
// was asked to and says nothing has failed, too.
func resultOf(r *request) error {
	write := r.op.Kind == backend.OpWrite || r.op.Kind == backend.OpWritev
	if r.op.Err == nil && write && r.op.N < r.op.Size() {
		at := &backend.OffsetError{Off: r.op.Off + int64(r.op.N), Err: io.ErrShortWrite}
		return pathError("write", r.op.Path, at)
	}
	return r.op.Err
}

// goOn starts what has waited for the end of a flush.
func (w *writeState) goOn() {
	if w.commit != nil {
		w.commit.begin()
		return
	}
	switch {
	case w.err != nil || w.file.closed:
	case w.buffered >= flushSize:
		w.flush(false)
	case w.buffered > 0:
		w.file.fs.budget.rest(w.file)
	}
}

// spill moves to the scratch file what is in memory, because others wait for
// the memory.
func (w *writeState) spill() {
	w.file.fs.budget.forgo(&w.ticket)
	if w.err == nil && w.buffered > 0 {
		w.flush(true)
	}
}

// fail gives up what was written since the last commit.
func (w *writeState) fail(err error) {
	if w.err == nil {
		w.err = err
	}
	w.discard()
}

// discard forgets all data that is not committed.
func (w *writeState) discard() {
	budget := &w.file.fs.budget
	for i, b := range w.chunks {
		budget.release(b.size())
		b.free()
		w.chunks[i] = nil
	}
	w.chunks, w.buffered, w.flushes, w.flushing = w.chunks[:0], 0, 0, 0
	budget.cancel(&w.ticket)
	w.file.wakeWriter()
	if w.scratch != nil {
		w.leaving, w.scratch = w.scratch, nil
		w.leaving.drop()
	}
	if w.create != nil {
		w.file.releaseLock() // it was on the scratch file
	}
}

// wakeWriter says that no written bytes of f are idle any more. What it has
// read ahead may still be.
func (f *File) wakeWriter() {
	idle := func(s *segment) bool { return s.state == segmentDone }
	if !slices.ContainsFunc(f.read.segments, idle) {
		f.fs.budget.wake(f)
	}
}

// unclean reports whether the temporary file that was given up is still there.
func (w *writeState) unclean() bool { return w.leaving != nil && w.leaving.inflight > 0 }

// busy reports whether a commit still has to end before the file may go.
func (w *writeState) busy() bool { return w.commit != nil }

// opened goes on with a commit that has waited for the open of the file.
func (w *writeState) opened() {
	switch {
	case w.commit != nil:
		w.commit.begin()
	case w.file.state == fileFailed:
		w.discard()
	}
}

// close is the part of File.Close that has to do with writing.
func (w *writeState) close() {
	if w.commit != nil {
		w.commit.closing()
		return
	}
	w.discard()
}

// Rollback forgets everything since the last commit, and an error of writing
// with it; the file is as after that commit, and writing can go on. A failed
// sync is never forgotten. While a commit is under way it is ErrAgain: what has
// begun cannot be taken back, its result is still to come.
func (f *File) Rollback() error {
	f.mu.Lock()
	err := f.rollback()
	f.says(err)
	f.mu.Unlock()
	f.fs.settle()
	return err
}

func (f *File) rollback() error {
	if err := f.usable("rollback"); err != nil {
		return err
	}
	w := f.write
	if w == nil {
		return nil
	}
	if w.commit != nil {
		f.callback.wantOutput = true
		return ErrAgain
	}
	w.discard()
	w.err, w.settled, w.result = nil, false, nil
	return nil
}
