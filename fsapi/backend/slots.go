package backend

import "fmt"

// SlotID names one use of one slot: the index in the low 32 bits, a generation
// in the high ones. It is what an engine hands to the kernel as user data,
// never a pointer: a late or repeated completion for an earlier use is
// recognised and dropped. The zero SlotID is never given out.
type SlotID uint64

func (id SlotID) index() uint32 { return uint32(id) }

// Slots is a bounded table of operations in flight. It keeps every operation,
// and with it its buffers, alive until Release. It is not safe for concurrent
// use: it lives under the lock of the queue that it belongs to.
type Slots struct {
	entries []slotEntry
	free    []uint32
}

type slotEntry struct {
	op         *Op
	generation uint32
}

// NewSlots returns a table for n operations, n at least 1.
func NewSlots(n int) *Slots {
	s := &Slots{entries: make([]slotEntry, n), free: make([]uint32, n)}
	for i := range s.free {
		s.free[i] = uint32(n - 1 - i)
	}
	return s
}

// Cap returns how many operations fit.
func (s *Slots) Cap() int { return len(s.entries) }

// Free returns how many more operations fit now.
func (s *Slots) Free() int { return len(s.free) }

// InFlight returns how many operations are in the table.
func (s *Slots) InFlight() int { return len(s.entries) - len(s.free) }

// Acquire puts op into the table and sets op.Slot. It reports false when the
// table is full.
func (s *Slots) Acquire(op *Op) bool {
	if len(s.free) == 0 {
		return false
	}
	i := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	e := &s.entries[i]
	e.op = op
	e.generation++
	if e.generation == 0 { // 2^32 uses later: zero stays unused
		e.generation = 1
	}
	op.Slot = SlotID(e.generation)<<32 | SlotID(i)
	return true
}

// Get returns the operation of this use of the slot, or nil if that use is over.
func (s *Slots) Get(id SlotID) *Op {
	i := id.index()
	if id == 0 || int(i) >= len(s.entries) {
		return nil
	}
	e := &s.entries[i]
	if e.op == nil || SlotID(e.generation) != id>>32 {
		return nil
	}
	return e.op
}

// Release ends this use of the slot, clears op.Slot and returns the operation.
// It returns nil if that use is over already.
func (s *Slots) Release(id SlotID) *Op {
	op := s.Get(id)
	if op == nil {
		return nil
	}
	s.entries[id.index()].op = nil
	s.free = append(s.free, id.index())
	op.Slot = 0
	return op
}

// Index returns the position of the slot in the table, 0 to Cap()-1, for
// engines that keep more about an operation in a table beside this one.
func (id SlotID) Index() int { return int(id.index()) }

func (id SlotID) String() string {
	return fmt.Sprintf("%d/%d", id.index(), uint64(id)>>32)
}
