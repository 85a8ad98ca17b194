package backendtest

import (
	"io/fs"
	"math"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var invalidCases = []testCase{
	{"operations", testInvalid},
	{"empty-path", testEmptyPath},
	{"in-chain", testInvalidInChain},
	{"chain-too-long", testChainTooLong},
}

// testInvalid: operations that make no sense fail with ErrInvalid and leave
// everything as it was.
func testInvalid(r *rig) {
	path := r.create("f", []byte("content"))
	h, closed := r.open(path, backend.OpenWrite), new(backend.Handle)
	buf, nul := make([]byte, 10), r.path("nul\x00byte")
	for _, op := range []*backend.Op{
		{Kind: backend.OpRead, Handle: h, Off: -1, Buf: buf},
		{Kind: backend.OpReadv, Handle: h, Off: math.MinInt64, Bufs: [][]byte{buf}},
		{Kind: backend.OpWrite, Handle: h, Off: -1, Buf: buf},
		{Kind: backend.OpWritev, Handle: h, Off: -4096, Bufs: [][]byte{buf}},
		{Kind: backend.OpRead, Handle: h, Off: math.MaxInt64 - 9, Buf: buf},
		{Kind: backend.OpWrite, Handle: h, Off: math.MaxInt64, Buf: buf},
		{Kind: backend.OpWritev, Handle: h, Off: math.MaxInt64 - 15, Bufs: [][]byte{buf, buf}},
		{Kind: backend.OpTruncate, Handle: h, Off: -1},
		{Kind: backend.OpAllocate, Handle: h, Off: -1, Len: 10},
		{Kind: backend.OpAllocate, Handle: h, Len: -1},
		{Kind: backend.OpAllocate, Handle: h, Off: math.MaxInt64, Len: 1},
		{Kind: backend.OpSyncRange, Handle: h, Off: -1, Len: 10},
		{Kind: backend.OpSyncRange, Handle: h, Len: -1},
		{Kind: backend.OpOpen, Path: path, Handle: h},
		{Kind: backend.OpOpen, Path: path},
		{Kind: backend.OpOpen, Path: r.path("new"), Open: backend.OpenCreate},
		{Kind: backend.OpOpen, Path: nul, Open: backend.OpenCreate, Handle: new(backend.Handle)},
		{Kind: backend.OpStat, Path: nul},
		{Kind: backend.OpRename, Path: path, NewPath: nul},
		{Kind: backend.OpRename, Path: nul, NewPath: path},
		{Kind: backend.OpLink, Path: path, NewPath: nul},
		{Kind: backend.OpLink, Handle: h, NewPath: nul},
		{Kind: backend.OpUnlink, Path: path + "\x00"},
		{Kind: backend.OpMkdir, Path: nul},
		{Kind: backend.OpReadDir, Path: nul},
		{Kind: backend.OpClose, Handle: closed},
		{Kind: backend.OpRead, Handle: closed, Buf: buf},
		{Kind: backend.OpReadv, Handle: closed, Bufs: [][]byte{buf}},
		{Kind: backend.OpWrite, Handle: closed, Buf: buf},
		{Kind: backend.OpWritev, Bufs: [][]byte{buf}},
		{Kind: backend.OpSync, Handle: closed},
		{Kind: backend.OpDatasync},
		{Kind: backend.OpSyncRange, Handle: closed},
		{Kind: backend.OpTruncate, Handle: closed},
		{Kind: backend.OpAllocate, Len: 1},
		{Kind: backend.OpClose},
		{Kind: backend.Kind(backend.Kinds), Path: path},
		{Kind: backend.Kind(255), Path: path},
	} {
		r.run(op)
		requireFailed(r, op, backend.ErrInvalid)
		require.Zero(r, op.N)
		require.False(r, op.EOF)
	}
	require.True(r, h.IsOpen(), "an invalid open must not touch the handle")
	require.Equal(r, []string{"f"}, r.names())
	require.Equal(r, "content", string(r.content(path)))
}

func testEmptyPath(r *rig) {
	path := r.create("f", []byte("content"))
	h := r.open(path, 0)
	for _, op := range []*backend.Op{
		{Kind: backend.OpOpen, Handle: new(backend.Handle)},
		{Kind: backend.OpOpen, Open: backend.OpenUnnamed, Handle: new(backend.Handle)},
		{Kind: backend.OpStat},
		{Kind: backend.OpRename, NewPath: path},
		{Kind: backend.OpRename, Path: path},
		{Kind: backend.OpLink, NewPath: r.path("g")},
		{Kind: backend.OpLink, Path: path},
		{Kind: backend.OpLink, Handle: h},
		{Kind: backend.OpUnlink},
		{Kind: backend.OpUnlink, Directory: true},
		{Kind: backend.OpMkdir},
		{Kind: backend.OpReadDir},
	} {
		r.run(op)
		requireFailed(r, op, backend.ErrInvalid)
		requireFailed(r, op, fs.ErrNotExist)
	}
	require.Equal(r, []string{"f"}, r.names())
}

// testInvalidInChain: an invalid member fails when its turn comes, like any
// other failure.
func testInvalidInChain(r *rig) {
	path, h := r.create("f", []byte("content")), new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: path, Open: backend.OpenWrite, Handle: h, Link: true},
		{Kind: backend.OpWrite, Handle: h, Buf: []byte("C"), Link: true},
		{Kind: backend.OpWrite, Handle: h, Off: -1, Buf: []byte("x"), Link: true},
		{Kind: backend.OpWrite, Handle: h, Buf: []byte("x"), Link: true},
		{Kind: backend.OpClose, Handle: h},
	}
	r.run(ops...)
	require.NoError(r, ops[0].Err)
	require.NoError(r, ops[1].Err)
	requireFailed(r, ops[2], backend.ErrInvalid)
	requireFailed(r, ops[3], backend.ErrCanceled)
	require.NoError(r, ops[4].Err)
	require.False(r, h.IsOpen())
	require.Equal(r, "Content", string(r.content(path)))
}

// testChainTooLong: what stands before the chain is taken, nothing of it is.
func testChainTooLong(r *rig) {
	good := &backend.Op{Kind: backend.OpMkdir, Path: r.path("good"), Mode: 0o755}
	ops := []*backend.Op{good}
	for range backend.MaxChain + 1 {
		ops = append(ops, &backend.Op{Kind: backend.OpMkdir, Path: r.path("bad"), Mode: 0o755, Link: true})
	}
	ops = append(ops, &backend.Op{Kind: backend.OpMkdir, Path: r.path("bad"), Mode: 0o755})
	before := snapshots(ops)
	out := newOutstanding(r, ops)
	done := make([]*backend.Op, len(ops))
	started, finished, err := r.b.Submit(ops, done)
	require.ErrorIs(r, err, backend.ErrInvalid)
	require.Equal(r, 1, started)
	out.start(ops, started)
	out.finish(done[:finished])
	out.drain()
	require.NoError(r, good.Err)
	requireInputsUntouched(r, before, ops)
	for _, op := range ops[1:] {
		require.NoError(r, op.Err, "an operation that was not taken is untouched")
	}
	started, finished, err = r.b.Submit(ops[1:], done)
	require.ErrorIs(r, err, backend.ErrInvalid)
	require.Zero(r, started+finished)
	require.Equal(r, []string{"good"}, r.names())
}
