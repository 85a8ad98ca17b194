package backendtest

import (
	"reflect"
	"unsafe"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

// outstanding knows which operations have not come back yet.
type outstanding struct {
	r        *rig
	left     map[*backend.Op]bool
	inFlight int
}

func newOutstanding(r *rig, ops []*backend.Op) *outstanding {
	o := &outstanding{r: r, left: make(map[*backend.Op]bool, len(ops))}
	for _, op := range ops {
		o.left[op] = true
	}
	return o
}

func (o *outstanding) count() int { return len(o.left) }

// start notes that the first n of rest were taken and returns the others.
func (o *outstanding) start(rest []*backend.Op, n int) []*backend.Op {
	o.r.Helper()
	require.LessOrEqual(o.r, n, len(rest))
	if n > 0 && n < len(rest) {
		require.False(o.r, rest[n-1].Link, "Submit took a part of a chain")
	}
	o.inFlight += n
	return rest[n:]
}

func (o *outstanding) finish(done []*backend.Op) {
	o.r.Helper()
	for _, op := range done {
		require.True(o.r, o.left[op], "an operation came back that is not in flight, or twice: %+v", op)
		delete(o.left, op)
		o.inFlight--
	}
	require.GreaterOrEqual(o.r, o.inFlight, 0, "an operation came back that Submit did not take")
}

// drain reaps until everything that was started is back.
func (o *outstanding) drain() {
	o.r.Helper()
	done := make([]*backend.Op, 16)
	for o.inFlight > 0 {
		n, err := o.r.b.Reap(done)
		require.NoError(o.r, err)
		o.finish(done[:n])
	}
}

func snapshots(ops []*backend.Op) []backend.Op {
	s := make([]backend.Op, len(ops))
	for i, op := range ops {
		s[i] = *op
		s[i].Bufs = append([][]byte(nil), op.Bufs...)
	}
	return s
}

// requireInputsUntouched: an engine writes results and nothing else.
func requireInputsUntouched(r *rig, before []backend.Op, ops []*backend.Op) {
	r.Helper()
	for i, op := range ops {
		was, is := before[i], *op
		require.True(r, sameBuffer(was.Buf, is.Buf), "%v: Buf was changed", op.Kind)
		require.Len(r, is.Bufs, len(was.Bufs))
		for j := range was.Bufs {
			require.True(r, sameBuffer(was.Bufs[j], is.Bufs[j]), "%v: Bufs[%d] was changed", op.Kind, j)
		}
		require.Zero(r, is.Slot, "%v: Slot of an operation that has come back", op.Kind)
		require.True(r, reflect.DeepEqual(inputs(was), inputs(is)), "%v: inputs were changed: %+v, then %+v", op.Kind, was, is)
	}
}

// inputs returns op without results and buffers.
func inputs(op backend.Op) backend.Op {
	op.N, op.EOF, op.Err, op.Info, op.Entries, op.Slot = 0, false, nil, backend.Info{}, nil, 0
	op.Buf, op.Bufs = nil, nil
	return op
}

func sameBuffer(a, b []byte) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}
