package fsapi

import (
	"io"
	"math"
	"slices"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Read-ahead sizes in bytes. Most mails are smaller than the first window.
const (
	firstWindow = 32 << 10
	maxWindow   = maxBuffer
	// aheadAfter is the window from which on a second one is read ahead: the
	// reader has shown that it goes on.
	aheadAfter  = 128 << 10
	maxSegments = 4
	// lastOffset is beyond the end of every file; there is room behind it for
	// any window.
	lastOffset = math.MaxInt64 - maxWindow
)

// readState is what a file has read ahead.
type readState struct {
	segments []*segment // at most maxSegments, oldest first
	next     int64      // where reading goes on if it is sequential
	window   int        // of the next sequential read
	failed   int        // times that data was reclaimed before it was fetched, in a row
	misses   int        // times in a row that the page cache had nothing, or was not asked
}

// segment is a piece of the file that has been read ahead or will be.
type segment struct {
	file   *File
	off    int64
	want   int // bytes
	state  segmentState
	buf    *buffer
	n      int // bytes that are there
	eof    bool
	err    error
	req    *request // in flight
	asked  bool     // a Pread waits for it, or has not been repeated yet
	direct bool     // it was started by the Pread that asked for off itself
	stale  bool     // it may have been read too early: read again
	ticket ticket
}

type segmentState uint8

const (
	segmentInLine  segmentState = iota // for a buffer
	segmentWaiting                     // for the open
	segmentInFlight
	segmentDone
)

var segmentPool = sync.Pool{New: func() any { return new(segment) }}

// end is the offset behind the data that the segment has or will have.
func (s *segment) end() int64 {
	if s.state == segmentDone {
		return s.off + int64(s.n)
	}
	return s.off + int64(s.want)
}

// covers reports whether the segment can say something about offset off: data,
// the end of the file, or an error.
func (s *segment) covers(off int64) bool {
	if s.state == segmentDone && (s.eof || s.err != nil) {
		return off >= s.off && off <= s.end()
	}
	return off >= s.off && off < s.end()
}

// Pread copies what is there at offset off into p: from what was read ahead,
// or at once from what the page cache holds. It returns at least one byte, or
// an error: ErrAgain when nothing is there yet (the data is then on its way,
// and the input callback fires when it has come), io.EOF at the end of the
// file as it is now, or what is wrong with the file. It may return less than
// len(p). p is not kept.
func (f *File) Pread(p []byte, off int64) (int, error) {
	f.mu.Lock()
	n, err := f.pread(p, off)
	f.saysRead(err)
	f.mu.Unlock()
	if err == ErrAgain || f.fs.budget.urgent.Load() || f.fs.queue.waiting.Load() > 0 {
		f.fs.settle()
	}
	return n, err
}

// pread is Pread with f.mu held. It may queue something.
func (f *File) pread(p []byte, off int64) (int, error) {
	if off == f.callback.inputOff {
		f.callback.wantInput = false
	}
	if err := f.usable("read"); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("read", f.path, &backend.OffsetError{Off: off, Err: backend.ErrInvalid})
	}
	if len(p) == 0 {
		return 0, nil
	}
	if f.state == fileCreated {
		return 0, io.EOF
	}
	off = min(off, lastOffset)
	s := f.segmentAt(off)
	if s != nil && s.state == segmentDone {
		return f.copyOut(s, p, off)
	}
	if s == nil {
		if n, ok := f.readNow(p, off); ok {
			return f.answered(n, off)
		}
		s = f.readAhead(off, len(p))
	}
	return f.notYet(s, off)
}

// notYet says that what is at off is still to come, with s unless that is nil.
func (f *File) notYet(s *segment, off int64) (int, error) {
	if s != nil {
		s.asked = true
	}
	f.callback.wantInput, f.callback.inputOff = true, off
	return 0, ErrAgain
}

// A page cache that has had nothing for coldAfter reads in a row is asked only
// every askCold reads: a question that finds nothing has already walked through
// the file system, nearly half of the CPU time of a read from the device.
const (
	coldAfter = 16
	askCold   = 8
)

// readNow reads what the page cache holds, straight into p.
func (f *File) readNow(p []byte, off int64) (n int, ok bool) {
	if f.fs.now == nil || f.state != fileOpen {
		return 0, false
	}
	r := &f.read
	if r.misses < coldAfter || r.misses%askCold == 0 {
		n, ok = f.fs.now.ReadNow(&f.handle, p, off)
	}
	if ok {
		r.misses = 0
	} else {
		r.misses++
	}
	return n, ok
}

// answered is the end of a read that needed no waiting.
func (f *File) answered(n int, off int64) (int, error) {
	f.reads++
	if n == 0 {
		return 0, io.EOF
	}
	f.read.next = off + int64(n)
	return n, nil
}

// copyOut answers from a segment that is there, and gives it back when it is
// used up.
func (f *File) copyOut(s *segment, p []byte, off int64) (int, error) {
	n := copy(p, s.buf.mem[off-s.off:s.n])
	at := off + int64(n)
	f.read.next, f.read.failed = at, 0
	if s.asked {
		s.asked, f.callback.arrived = false, false
	}
	switch {
	case n == 0:
		err, direct := s.err, s.direct && s.off == off
		f.drop(s)
		if err != nil {
			return 0, err
		}
		return f.atEnd(p, off, direct)
	case at < s.end() || s.eof || s.err != nil:
		// What is left, if only the news that this is the end, is for later.
	default:
		f.drop(s)
	}
	f.extendAhead(at)
	return n, nil
}

// atEnd answers where a segment ended with the end of the file. Unless that
// was found out for this very Pread, the file may have grown since: who has
// been told so must find what is there now.
func (f *File) atEnd(p []byte, off int64, direct bool) (int, error) {
	if direct {
		return 0, io.EOF
	}
	if n, ok := f.readNow(p, off); ok {
		return f.answered(n, off)
	}
	return f.notYet(f.startDirect(off, minBuffer), off)
}

// segmentAt returns the segment that covers off.
func (f *File) segmentAt(off int64) *segment {
	for _, s := range f.read.segments {
		if s.covers(off) {
			return s
		}
	}
	return nil
}

// awaitsRead reports whether something that a Pread has asked for is on its
// way.
func (f *File) awaitsRead() bool {
	return slices.ContainsFunc(f.read.segments, func(s *segment) bool { return s.asked && s.state != segmentDone })
}

// answers reports whether a Pread at off would say something else than
// ErrAgain as far as read-ahead is concerned.
func (f *File) answers(off int64) bool {
	if f.state == fileFailed {
		return true
	}
	s := f.segmentAt(off)
	return s == nil || s.state == segmentDone
}

// readAhead starts reading at off. Sequential reading doubles the window each
// time; random reading gets what it asks for.
func (f *File) readAhead(off int64, want int) *segment {
	r := &f.read
	if off == r.next {
		r.window = min(max(2*r.window, firstWindow), maxWindow)
	} else {
		r.window = firstWindow / 2 // the next sequential one is firstWindow
		f.dropUnasked()            // nobody comes back to what was read ahead elsewhere
	}
	if off == r.next && r.window > want {
		want = r.window
	}
	s := f.startDirect(off, want)
	f.extendAhead(off)
	return s
}

// startDirect is startSegment for a Pread at off.
func (f *File) startDirect(off int64, want int) *segment {
	s := f.startSegment(off, want)
	if s != nil {
		s.direct = true
	}
	return s
}

// extendAhead keeps the next window on its way for a reader that has gone on
// long enough.
func (f *File) extendAhead(at int64) {
	r := &f.read
	if r.window < aheadAfter || len(r.segments) >= maxSegments {
		return
	}
	end := at
	for _, s := range r.segments {
		if s.state == segmentDone && (s.eof || s.err != nil) {
			return
		}
		end = max(end, s.end())
	}
	if end-at < int64(r.window) {
		r.window = min(2*r.window, maxWindow)
		f.startSegment(end, r.window)
	}
}

// startSegment asks for want bytes at off. It returns nil if as many reads as
// can be are on their way; each of them will wake the caller.
func (f *File) startSegment(off int64, want int) *segment {
	if len(f.read.segments) >= maxSegments && !f.dropDone() {
		return nil
	}
	s := segmentPool.Get().(*segment)
	*s = segment{file: f, off: off, want: bufferSize(want), ticket: ticket{owner: s}}
	f.read.segments = append(f.read.segments, s)
	if f.fs.budget.acquire(&s.ticket, int64(s.want)) {
		f.start(s)
	}
	return s
}

// start reads s, whose bytes have been granted: together with the open if that
// is still here, after it if it is on its way.
func (f *File) start(s *segment) {
	s.state = segmentWaiting
	if f.state == fileOpening && f.opening.op.Link {
		return // another read goes with the open
	}
	s.buf = newBuffer(s.want)
	r := newRequest(f, roleRead, backend.OpRead)
	r.seg = s
	r.op.Handle, r.op.Path, r.op.Buf, r.op.Off = &f.handle, f.path, s.buf.mem[:s.want], s.off
	switch {
	case f.state == fileOpen:
		f.queueRequest(r)
	case f.fs.queue.extend(f.opening, r):
		f.inflight++
	default:
		s.buf.free()
		s.buf = nil
		r.free()
		return
	}
	f.fs.budget.work(s.buf.size())
	s.state, s.req = segmentInFlight, r
}

// startWaiting starts the segments that have waited for the open.
func (f *File) startWaiting() {
	for _, s := range f.read.segments {
		if s.state == segmentWaiting {
			f.start(s)
		}
	}
}

// grant implements the budget's owner: s has its bytes now.
func (s *segment) grant() {
	f := s.file
	f.mu.Lock()
	if s.state == segmentInLine && f.fs.budget.take(&s.ticket) {
		f.start(s)
	}
	f.mu.Unlock()
}

// segmentDone takes the result of a read.
func (f *File) segmentDone(r *request) {
	s := r.seg
	f.fs.budget.work(-s.buf.size())
	s.state, s.req = segmentDone, nil
	s.n, s.eof, s.err = r.op.N, r.op.EOF || r.op.N == 0 && r.op.Err == nil, r.op.Err
	switch {
	case f.closed || f.state == fileFailed || isCanceled(r.op.Err):
		// A read that was cancelled, with its open or by us, says nothing.
		f.drop(s)
	case s.stale:
		s.stale = false
		s.buf.free()
		f.start(s)
		return
	default:
		f.callback.arrived = f.callback.arrived || s.asked
		f.fs.budget.rest(f)
	}
	f.progress()
	f.postInput()
}

// drop gives up a segment that is not in flight.
func (f *File) drop(s *segment) {
	i := slices.Index(f.read.segments, s)
	f.read.segments = slices.Delete(f.read.segments, i, i+1)
	if len(f.read.segments) == 0 && f.write == nil {
		f.fs.budget.wake(f)
	}
	if s.state == segmentInLine {
		f.fs.budget.cancel(&s.ticket)
		return // the budget may still look at the ticket: not for the pool
	}
	f.fs.budget.release(int64(s.want))
	if s.buf != nil {
		s.buf.free()
	}
	*s = segment{}
	segmentPool.Put(s)
}

// dropDone gives up one segment that nobody has fetched, preferably one that
// nobody has asked for.
func (f *File) dropDone() bool {
	var oldest *segment
	for _, s := range f.read.segments {
		if s.state == segmentDone && (oldest == nil || oldest.asked && !s.asked) {
			oldest = s
		}
	}
	if oldest != nil {
		f.drop(oldest)
	}
	return oldest != nil
}

// dropIf gives up those segments that are not in flight for which gone holds.
func (f *File) dropIf(gone func(*segment) bool) {
	segs := f.read.segments
	for i := len(segs) - 1; i >= 0; i-- {
		if s := segs[i]; s.state != segmentInFlight && gone(s) {
			f.drop(s)
		}
	}
}

// dropUnasked gives up what was read ahead and nobody has asked for.
func (f *File) dropUnasked() { f.dropIf(func(s *segment) bool { return !s.asked }) }

// dropAll gives up every segment that is not in flight.
func (f *File) dropAll() { f.dropIf(func(*segment) bool { return true }) }

// distrust is called when the file may have been changed by others who were
// careful not to do it while this handle reads: nothing that was read before
// is shown from now on.
func (f *File) distrust() {
	f.question.stale = true
	for f.dropDone() {
	}
	for _, s := range f.read.segments {
		s.stale = s.state == segmentInFlight
	}
}

// cancelReads gives up all reading: what is in flight is cancelled and dropped
// when it comes back.
func (f *File) cancelReads() {
	f.dropAll()
	for _, s := range f.read.segments {
		f.fs.backend.Cancel(&s.req.op)
	}
}

// reclaim gives back, for others that wait, the bytes that nobody works on:
// read-ahead is forgotten, unwritten data goes to the scratch file.
func (f *File) reclaim() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.callback.queued { // it has not had its chance to fetch what is there
		f.fs.budget.rest(f)
		return
	}
	for _, s := range f.read.segments {
		if s.state == segmentDone && s.asked && f.read.failed < maxFailed {
			f.read.failed++
			break
		}
	}
	for f.dropDone() {
	}
	if f.write != nil {
		f.write.spill()
	}
}
