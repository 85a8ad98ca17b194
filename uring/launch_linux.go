//go:build linux && (amd64 || arm64)

package uring

import (
	"math"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// maxRun is the largest number of entries that launch adds: a chain, and a
// read of one byte behind a read.
const maxRun = backend.MaxChain + 2

// launchReady prepares entries for what is ready, as long as there is room for
// a whole run: a run that is cut in two is no chain.
func (s *shard) launchReady() {
	for s.ready.len() > 0 && s.ring.free() >= maxRun {
		s.launch(s.ready.pop())
	}
}

// launch starts f, or goes on with it, and with the members of its chain that
// can be linked behind it.
func (s *shard) launch(f *flight) {
	if f.canceled && f.op.Kind != backend.OpClose {
		s.fail(f, backend.ErrCanceled)
		return
	}
	if f.stage == waiting && !s.start(f) {
		return
	}
	fresh := f.fresh
	f.fresh = false // once the file has been read from, its position is not 0
	switch {
	case !s.serves(f.op):
		s.help(f, -1)
	case fresh && s.atOnce(f.op):
		s.prepareProbed(f)
	default:
		s.linkRun(f, s.prepare(f))
	}
}

// start clears the results and checks the operation, whose turn has come. It
// reports false if that was all.
func (s *shard) start(f *flight) bool {
	op := f.op
	clearResults(op)
	if err := backend.Check(op); err != nil {
		s.fail(f, err)
		return false
	}
	f.stage = started
	if transfers(op.Kind) && op.Size() == 0 {
		s.settle(f)
		return false
	}
	return true
}

func clearResults(op *backend.Op) {
	op.N, op.EOF, op.Err = 0, false, nil
	op.Info, op.Entries = backend.Info{}, nil
}

// serves reports whether the ring can do op itself.
func (s *shard) serves(op *backend.Op) bool {
	if op.Kind == backend.OpSyncRange && op.Len > math.MaxUint32 {
		return false // the entry has 32 bits for it
	}
	return s.native.Has(op.Kind)
}

// linkRun links the rest of f's chain behind f's entry e, as far as the ring
// can take it now. The kernel goes on only after an entry that did all it was
// asked to; what it then cancels is started again when its turn has really
// come.
func (s *shard) linkRun(f *flight, e *sqe) {
	for s.linksOn(f) {
		e.flags |= linkSoft
		f = f.next
		clearResults(f.op)
		f.stage, f.linked, f.hardware, f.held = started, true, true, false
		e = s.prepare(f)
	}
}

// linksOn reports whether the member after f can go down together with f.
// That needs a link that really breaks when f fails, and in the kernel only
// reads and writes (and opens and closes, which change what the next one's
// handle means) break it: behind a failed rename, mkdir, fsync or stat the next
// entry runs all the same.
func (s *shard) linksOn(f *flight) bool {
	n := f.next
	if n == nil || f.orphan || !s.atOnce(f.op) || n.canceled || n.owed > 0 || !s.serves(n.op) {
		return false
	}
	return backend.Check(n.op) == nil && !(transfers(n.op.Kind) && n.op.Size() == 0)
}

// atOnce: what is left of the transfer op fits into one entry, so that the
// entry's success is the operation's.
func (s *shard) atOnce(op *backend.Op) bool {
	return transfers(op.Kind) && op.Size()-op.N <= s.chunk && len(op.Bufs) <= maxVectors
}
