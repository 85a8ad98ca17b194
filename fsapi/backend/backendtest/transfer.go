package backendtest

import (
	"bytes"
	"math/rand/v2"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var transferCases = []testCase{
	{"end-of-file", testEndOfFile},
	{"empty-file", testEmptyFile},
	{"truncated-meanwhile", testTruncatedMeanwhile},
	{"large", testLarge},
	{"holes", testHoles},
	{"overwrite-and-extend", testOverwrite},
	{"parallel", testParallelTransfers},
}

// testEndOfFile: N is short only at the end of the file, EOF says so, and a
// read that fits exactly has not met the end.
func testEndOfFile(r *rig) {
	const size = 10000
	data := pattern(1, size)
	h := r.open(r.create("f", data), 0)
	for _, c := range []struct {
		off  int64
		size int
		n    int
		eof  bool
	}{
		{0, size, size, false},
		{0, size + 1, size, true},
		{0, 1 << 20, size, true},
		{0, 1, 1, false},
		{4096, 4096, 4096, false},
		{4095, size, size - 4095, true},
		{size - 1, 1, 1, false},
		{size - 1, 2, 1, true},
		{size, 1, 0, true},
		{size + 1, 4096, 0, true},
		{1 << 40, 10, 0, true},
		{0, 0, 0, false},
		{size, 0, 0, false},
		{size + 5, 0, 0, false},
	} {
		for _, op := range []*backend.Op{
			{Kind: backend.OpRead, Handle: h, Off: c.off, Buf: make([]byte, c.size)},
			{Kind: backend.OpReadv, Handle: h, Off: c.off, Bufs: cut(make([]byte, c.size), 3000)},
		} {
			r.do(op)
			require.Equal(r, c.n, op.N, "%v of %d at %d", op.Kind, c.size, c.off)
			require.Equal(r, c.eof, op.EOF, "%v of %d at %d", op.Kind, c.size, c.off)
			if c.n > 0 {
				requireSameBytes(r, data[c.off:int(c.off)+c.n], transferred(op))
			}
		}
	}
}

func testEmptyFile(r *rig) {
	h := r.open(r.create("f", nil), 0)
	op := r.do(&backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 10)})
	require.Zero(r, op.N)
	require.True(r, op.EOF)
	require.Empty(r, r.content(r.path("f")))
}

// testTruncatedMeanwhile: what another handle cut off is not there, and is not
// read as zeros.
func testTruncatedMeanwhile(r *rig) {
	data := pattern(1, 50000)
	path := r.create("f", data)
	reader, writer := r.open(path, 0), r.open(path, backend.OpenWrite)
	r.do(&backend.Op{Kind: backend.OpRead, Handle: reader, Buf: make([]byte, len(data))})
	for _, size := range []int{40001, 4096, 1, 0} {
		r.do(&backend.Op{Kind: backend.OpTruncate, Handle: writer, Off: int64(size)})
		op := r.do(&backend.Op{Kind: backend.OpRead, Handle: reader, Buf: make([]byte, len(data))})
		require.Equal(r, size, op.N)
		require.True(r, op.EOF)
		requireSameBytes(r, data[:size], op.Buf[:op.N])
	}
}

func testLarge(r *rig) {
	data := pattern(1, 5<<20+123)
	path := r.create("f", nil)
	h := r.open(path, backend.OpenWrite)
	op := r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Buf: data})
	require.Equal(r, len(data), op.N)
	op = r.do(&backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, len(data))})
	require.Equal(r, len(data), op.N)
	require.False(r, op.EOF)
	requireSameBytes(r, data, op.Buf)
	requireSameBytes(r, data, r.content(path))
}

func testHoles(r *rig) {
	path := r.create("f", nil)
	h := r.open(path, backend.OpenWrite)
	const hole = 1<<20 + 7
	r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Off: hole, Buf: []byte("end")})
	require.Equal(r, append(make([]byte, hole), "end"...), r.content(path))
}

func testOverwrite(r *rig) {
	want := bytes.Repeat([]byte("x"), 9000)
	path := r.create("f", want)
	h := r.open(path, backend.OpenWrite)
	for i, at := range []struct{ off, n int }{{0, 1}, {4000, 200}, {8999, 1}, {8990, 30}, {9020, 5000}} {
		data := pattern(uint64(i), at.n)
		op := r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Off: int64(at.off), Buf: data})
		require.Equal(r, at.n, op.N)
		want = append(want[:at.off], append(data, want[min(len(want), at.off+at.n):]...)...)
		requireSameBytes(r, want, r.content(path))
	}
	require.Zero(r, r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Off: 1 << 30}).N)
	requireSameBytes(r, want, r.content(path)) // writing nothing does not extend
}

// testParallelTransfers: operations of one batch do not get in each other's
// way, nor do their buffers.
func testParallelTransfers(r *rig) {
	const pieces, size = 200, 5000
	data := pattern(1, pieces*size)
	path := r.create("f", nil)
	h := r.open(path, backend.OpenWrite)
	var writes, reads []*backend.Op
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(pieces) {
		off := i * size
		writes = append(writes, &backend.Op{Kind: backend.OpWrite, Handle: h, Off: int64(off), Buf: data[off : off+size]})
		reads = append(reads, &backend.Op{Kind: backend.OpRead, Handle: h, Off: int64(off), Buf: make([]byte, size)})
	}
	r.run(writes...)
	requireAll(r, writes, size)
	r.run(reads...)
	requireAll(r, reads, size)
	for _, op := range reads {
		requireSameBytes(r, data[op.Off:op.Off+size], op.Buf)
	}
	requireSameBytes(r, data, r.content(path))
}

// requireAll: every operation succeeded and transferred n bytes.
func requireAll(r *rig, ops []*backend.Op, n int) {
	r.Helper()
	for _, op := range ops {
		require.NoError(r, op.Err)
		require.Equal(r, n, op.N)
	}
}
