package backendtest

import (
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var cancelCases = []testCase{
	{"not-in-flight", testCancelNotInFlight},
	{"opens", testCancelOpens},
	{"chains", testCancelChains},
	{"writes", testCancelWrites},
}

// submitAndCancel submits ops and cancels those that which picks while they
// are in flight, then takes all back.
func (r *rig) submitAndCancel(ops []*backend.Op, which func(op *backend.Op) bool) {
	r.Helper()
	out := newOutstanding(r, ops)
	for rest := ops; len(rest) > 0; {
		started, _, err := r.b.Submit(rest, nil)
		require.NoError(r, err)
		batch := rest[:started]
		rest = out.start(rest, started)
		for _, op := range batch {
			if which(op) {
				r.b.Cancel(op)
				r.b.Cancel(op) // twice is as good as once
			}
		}
		out.drain()
	}
}

// requireDoneOrCanceled: a cancelled operation has its normal result or
// ErrCanceled, wrapped as usual.
func requireDoneOrCanceled(r *rig, op *backend.Op) {
	r.Helper()
	if op.Err != nil {
		requireFailed(r, op, backend.ErrCanceled)
	}
}

func testCancelNotInFlight(r *rig) {
	never, finished := &backend.Op{Kind: backend.OpNop}, &backend.Op{Kind: backend.OpNop}
	r.do(finished)
	forged := &backend.Op{Kind: backend.OpNop, Slot: 1<<32 | 3} // nor what only looks like it
	for range 3 {
		for _, op := range []*backend.Op{never, finished, forged, {}} {
			r.b.Cancel(op)
		}
		r.do(&backend.Op{Kind: backend.OpNop}) // nobody else is hit
	}
	r.do(never)
	r.do(finished)
}

// testCancelOpens: an open that was cancelled too late has its descriptor in
// the handle, and none is lost.
func testCancelOpens(r *rig) {
	path := r.create("f", []byte("content"))
	before := takeInventory()
	for round := range 30 {
		var ops []*backend.Op
		for i := range 40 {
			op := &backend.Op{Kind: backend.OpOpen, Path: path, Handle: new(backend.Handle)}
			if i%4 == 0 {
				op.Path, op.Open, op.Mode = r.path(fmt.Sprint(round, i)), backend.OpenCreate|backend.OpenExclusive, 0o600
				op.Exact = i%8 == 0
			}
			ops = append(ops, op)
		}
		r.submitAndCancel(ops, func(*backend.Op) bool { return true })
		for _, op := range ops {
			requireDoneOrCanceled(r, op)
			require.Equal(r, op.Err == nil, op.Handle.IsOpen())
			r.close(op.Handle)
		}
	}
	before.requireNoMoreFiles(r.T)
}

// testCancelChains: whichever member is cancelled, the chain's close leaves
// nothing open.
func testCancelChains(r *rig) {
	data := pattern(1, 30_000)
	path := r.create("f", data)
	before := takeInventory()
	for member := range 2 {
		for range 20 {
			var ops []*backend.Op
			for range 20 {
				ops = append(ops, openReadClose(path, len(data))...)
			}
			victim := ops[member].Kind
			r.submitAndCancel(ops, func(op *backend.Op) bool { return op.Kind == victim })
			for i := 0; i < len(ops); i += 3 {
				open, read := ops[i], ops[i+1]
				requireDoneOrCanceled(r, open)
				requireDoneOrCanceled(r, read)
				requireDoneOrCanceled(r, ops[i+2])
				require.False(r, open.Handle.IsOpen())
				require.True(r, open.Err == nil || read.Err != nil, "a read without an open file")
				if read.Err == nil {
					requireSameBytes(r, data, transferred(read))
				}
			}
		}
	}
	before.requireNoMoreFiles(r.T)
}

// testCancelWrites: cancelled means that nothing was changed.
func testCancelWrites(r *rig) {
	const size = 4096
	data := pattern(1, size)
	for round := range 10 {
		path := r.create(fmt.Sprint(round), nil)
		h := r.open(path, backend.OpenWrite)
		var ops []*backend.Op
		for i := range 50 {
			ops = append(ops, &backend.Op{Kind: backend.OpWrite, Path: path, Handle: h, Off: int64(i * size), Buf: data})
			if i%10 == 0 {
				ops = append(ops, &backend.Op{Kind: backend.OpDatasync, Path: path, Handle: h})
			}
		}
		r.submitAndCancel(ops, func(*backend.Op) bool { return true })
		r.do(&backend.Op{Kind: backend.OpTruncate, Handle: h, Off: 50 * size})
		got := r.content(path)
		for _, op := range ops {
			requireDoneOrCanceled(r, op)
			if op.Kind != backend.OpWrite {
				continue
			}
			want := data
			if errors.Is(op.Err, backend.ErrCanceled) && op.N == 0 {
				want = make([]byte, size)
			}
			requireSameBytes(r, want, got[op.Off:op.Off+size])
		}
	}
}
