//go:build linux && (amd64 || arm64)

package uring

import (
	abi "github.com/iceber/iouring-go/syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Cancel implements backend.Backend. It finds the operation by its address:
// op itself may be coming back at this moment, and must not be looked at.
func (e *Engine) Cancel(op *backend.Op) {
	for _, s := range e.shards {
		if s.busy.Load() == 0 {
			continue
		}
		s.mu.Lock()
		f := s.find(op)
		if f != nil {
			s.quiet()
			s.cancel(f)
			s.drive()
		}
		s.unlock()
		if f != nil {
			return
		}
	}
}

func (s *shard) find(op *backend.Op) *flight {
	if s.ring == nil {
		return nil
	}
	for i := range s.flights {
		if s.flights[i].op == op {
			return &s.flights[i]
		}
	}
	return nil
}

// cancel ends f early if it can be. A close is never cancelled, which would
// leak; an operation whose turn has not come ends when it comes.
func (s *shard) cancel(f *flight) {
	if f.op.Kind == backend.OpClose || f.canceled {
		return
	}
	f.canceled = true
	switch {
	case f.helped:
		if s.engine.helpers.remove(f) {
			f.helped = false
			s.fail(f, backend.ErrCanceled)
		}
	case f.owed > 0:
		s.flush() // the kernel can only cancel what it has
		s.cancelEntry(uint64(f.op.Slot))
		if f.probed {
			s.cancelEntry(uint64(f.op.Slot) | peekMark)
		}
	}
}

func (s *shard) cancelEntry(userData uint64) {
	if s.ring.free() == 0 {
		return // the kernel takes nothing now: the operation runs its course
	}
	e := s.ring.add()
	e.opcode, e.fd, e.addr, e.userData = abi.IORING_OP_ASYNC_CANCEL, -1, userData, cancelData
}
