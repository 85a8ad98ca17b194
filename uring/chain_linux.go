//go:build linux && (amd64 || arm64)

package uring

import "github.com/ringbox/ringbox/fsapi/backend"

// fail settles f with the error cause.
func (s *shard) fail(f *flight, cause error) {
	if f.stage == waiting {
		clearResults(f.op)
	}
	f.op.Fail(cause)
	s.settle(f)
}

// settle ends f's operation, whose results are final, and gives the turn to
// the next member of its chain.
func (s *shard) settle(f *flight) {
	failed, next := f.orphan || f.op.Err != nil, f.next
	if next != nil {
		next.fresh = !failed && readsFreshly(f, next)
	}
	s.deliver(f)
	if next == nil {
		return
	}
	next.orphan = failed
	switch {
	case next.held:
		next.linked, next.held = false, false
		s.complete(next)
	case next.linked:
		next.linked = false // its completion is on the way
	case failed && !runsAnyway(next):
		s.fail(next, backend.ErrCanceled)
	default:
		s.ready.push(next)
	}
}

// runsAnyway: after a failure a chain still closes what it has open.
func runsAnyway(f *flight) bool {
	return f.op.Kind == backend.OpClose && f.op.Handle.IsOpen()
}

// unlinked handles a member that the kernel cancelled because its link broke.
// That means little: the member before it may only have been short, or have
// succeeded elsewhere. Its turn comes now.
func (s *shard) unlinked(f *flight) {
	f.hardware, f.stage = false, waiting
	if f.orphan && !runsAnyway(f) {
		s.fail(f, backend.ErrCanceled)
		return
	}
	s.ready.push(f)
}

// readsFreshly: next reads the file that f has just opened, from its start.
// The file's own position is 0 and nobody else can use it yet, which lets a
// read and the look behind it go down together.
func readsFreshly(f, next *flight) bool {
	a, b := f.op, next.op
	return a.Kind == backend.OpOpen && b.Kind == backend.OpRead && a.Handle == b.Handle && b.Off == 0
}

// prepareProbed adds a read at the file's own position, and behind it, whatever
// comes of the first, a read of one byte: if that one gets nothing, the first
// has met the end of the file, and no further call is needed to find out.
func (s *shard) prepareProbed(f *flight) {
	f.probed = true
	e := s.prepare(f)
	e.off = currentPosition
	e.flags |= linkHard
	p := s.ring.add()
	p.opcode, p.fd, p.flags = opcodes[backend.OpRead], e.fd, e.flags&^linkHard
	p.addr, p.len, p.off = address(&f.peek[0]), 1, currentPosition
	p.userData = e.userData | peekMark
	f.owed++
	if isDirect(f.op.Handle) {
		s.closeBehind(f, e, p)
	}
}
