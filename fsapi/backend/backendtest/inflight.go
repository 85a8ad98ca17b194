package backendtest

import (
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var depthCases = []testCase{
	{"bound", testDepthBound},
	{"far-more", testFarMoreThanDepth},
	{"nothing", testSubmitNothing},
	{"capabilities", testCapabilities},
}

// chainsOfNops returns chains of lengths 1 to MaxChain and again, n operations
// at least.
func chainsOfNops(n int) []*backend.Op {
	var ops []*backend.Op
	for length := 1; len(ops) < n; length = length%backend.MaxChain + 1 {
		for i := range length {
			ops = append(ops, &backend.Op{Kind: backend.OpNop, Link: i < length-1})
		}
	}
	return ops
}

// testDepthBound: an engine holds Depth operations, all that fit and no more,
// whether they are finished or not, until the submitter takes them back.
func testDepthBound(r *rig) {
	for _, wanted := range []int{backend.MaxChain, 40} {
		r := r.with(wanted)
		depth := r.b.Capabilities().Depth
		require.GreaterOrEqual(r, depth, backend.MaxChain, "the longest chain must fit")
		for _, ops := range [][]*backend.Op{chainsOfNops(10 * depth), singleNops(10 * depth)} {
			out, rest := newOutstanding(r, ops), ops
			for range 3 { // the second and third time there is nothing to take
				started, finished, err := r.b.Submit(rest, nil)
				require.NoError(r, err)
				require.Zero(r, finished)
				rest = out.start(rest, started)
				require.LessOrEqual(r, out.inFlight, depth)
				require.Greater(r, out.inFlight, depth-backend.MaxChain)
			}
			if !ops[0].Link && !ops[1].Link && !ops[2].Link {
				require.Equal(r, depth, out.inFlight, "single operations fill the engine")
			}
			out.drain()
			started, _, err := r.b.Submit(rest[:0], nil)
			require.NoError(r, err)
			require.Zero(r, started)
		}
	}
}

func singleNops(n int) []*backend.Op {
	ops := make([]*backend.Op, n)
	for i := range ops {
		ops[i] = &backend.Op{Kind: backend.OpNop}
	}
	return ops
}

// testFarMoreThanDepth: everything finishes once (run checks it), and each
// operation has done its work.
func testFarMoreThanDepth(r *rig) {
	r = r.with(backend.MaxChain)
	data := pattern(1, 4000)
	path := r.create("f", data)
	var ops []*backend.Op
	for i := range 3000 {
		switch i % 3 {
		case 0:
			ops = append(ops, openReadClose(path, len(data))...)
		case 1:
			ops = append(ops, &backend.Op{Kind: backend.OpStat, Path: path})
		case 2:
			ops = append(ops, chainsOfNops(3)[1:]...)
		}
	}
	r.run(ops...)
	for _, op := range ops {
		require.NoError(r, op.Err)
		switch op.Kind {
		case backend.OpRead:
			requireSameBytes(r, data, transferred(op))
		case backend.OpStat:
			require.EqualValues(r, len(data), op.Info.Size)
		}
	}
}

func testSubmitNothing(r *rig) {
	for _, done := range [][]*backend.Op{nil, make([]*backend.Op, 4)} {
		started, finished, err := r.b.Submit(nil, done)
		require.NoError(r, err)
		require.Zero(r, started+finished)
	}
	ops := singleNops(5) // Submit without operations only reaps
	out := newOutstanding(r, ops)
	started, _, err := r.b.Submit(ops, nil)
	require.NoError(r, err)
	out.start(ops, started)
	done := make([]*backend.Op, 2)
	require.True(r, eventually(func() bool {
		_, n, err := r.b.Submit(nil, done)
		require.NoError(r, err)
		out.finish(done[:n])
		return out.count() == 0
	}))
}

func testCapabilities(r *rig) {
	c := r.b.Capabilities()
	require.NotEmpty(r, c.Name)
	require.NotEmpty(r, c.Detail)
	require.Positive(r, c.Depth)
	require.Zero(r, c.Native&^backend.AllKinds, "kinds that do not exist")
	r.do(&backend.Op{Kind: backend.OpNop})
	require.Equal(r, c, r.b.Capabilities(), "capabilities never change")
}
