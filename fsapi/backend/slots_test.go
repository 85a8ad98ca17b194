package backend

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSlotsFillAndEmpty(t *testing.T) {
	s := NewSlots(3)
	require.Equal(t, []int{3, 3, 0}, []int{s.Cap(), s.Free(), s.InFlight()})
	ops := []*Op{{}, {}, {}}
	indexes := map[int]bool{}
	for i, op := range ops {
		require.True(t, s.Acquire(op))
		require.NotZero(t, op.Slot)
		require.Same(t, op, s.Get(op.Slot))
		require.Equal(t, i+1, s.InFlight())
		indexes[op.Slot.Index()] = true
	}
	require.Equal(t, map[int]bool{0: true, 1: true, 2: true}, indexes, "each operation has an index of its own")

	late := &Op{}
	require.False(t, s.Acquire(late), "the table is full")
	require.Zero(t, late.Slot)

	id := ops[1].Slot
	require.Same(t, ops[1], s.Release(id))
	require.Zero(t, ops[1].Slot)
	require.Equal(t, 1, s.Free())
	require.True(t, s.Acquire(late))
	require.Equal(t, id.Index(), late.Slot.Index(), "the slot that was free")
	require.NotEqual(t, id, late.Slot)
}

func TestSlotsKnowStaleIDs(t *testing.T) {
	s := NewSlots(1)
	first, second := &Op{}, &Op{}
	require.True(t, s.Acquire(first))
	stale := first.Slot
	require.Same(t, first, s.Release(stale))
	require.Nil(t, s.Get(stale), "nobody uses the slot")
	require.Nil(t, s.Release(stale), "a second time")
	require.Equal(t, 1, s.Free(), "and the slot is not free twice")

	require.True(t, s.Acquire(second))
	require.Nil(t, s.Get(stale), "somebody else uses the slot")
	require.Nil(t, s.Release(stale))
	require.Same(t, second, s.Get(second.Slot))
}

func TestSlotsRefuseForeignIDs(t *testing.T) {
	s := NewSlots(2)
	op := &Op{}
	require.True(t, s.Acquire(op))
	for _, id := range []SlotID{0, 1, 2, 1<<32 | 2, math.MaxUint64, math.MaxUint32, op.Slot + 1<<32} {
		require.Nil(t, s.Get(id), "%v", id)
		require.Nil(t, s.Release(id), "%v", id)
	}
	require.Same(t, op, s.Get(op.Slot))
	require.Equal(t, "0/1", op.Slot.String())
}

// TestSlotsWrapAround: the zero SlotID is not given out after 2^32 uses either.
func TestSlotsWrapAround(t *testing.T) {
	s := NewSlots(1)
	s.entries[0].generation = math.MaxUint32 - 1
	var ids []SlotID
	for range 3 {
		op := &Op{}
		require.True(t, s.Acquire(op))
		ids = append(ids, op.Slot)
		require.Same(t, op, s.Release(op.Slot))
	}
	require.Equal(t, []SlotID{math.MaxUint32 << 32, 1 << 32, 2 << 32}, ids)
}

func TestSlotsAgainstAMap(t *testing.T) {
	const seed = 1
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s, model, stale := NewSlots(16), map[SlotID]*Op{}, []SlotID{}
	for range 10000 {
		if r.IntN(2) == 0 {
			op := &Op{}
			require.Equal(t, len(model) < 16, s.Acquire(op))
			if op.Slot != 0 {
				require.NotContains(t, model, op.Slot)
				model[op.Slot] = op
			}
		}
		for id, op := range model { // any one
			if r.IntN(2) == 0 {
				require.Same(t, op, s.Release(id))
				delete(model, id)
				stale = append(stale, id)
			}
			break
		}
		if len(stale) > 0 {
			require.Nil(t, s.Get(stale[r.IntN(len(stale))]))
		}
		require.Equal(t, len(model), s.InFlight())
	}
}
