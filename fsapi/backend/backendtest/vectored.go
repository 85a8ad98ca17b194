package backendtest

import (
	"bytes"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var vectoredCases = []testCase{
	{"shapes", testVectorShapes},
	{"nothing", testVectorOfNothing},
	{"end-of-file", testVectorAtEnd},
}

// testVectorShapes: more buffers than one system call takes, sizes from none
// to many pages, empty buffers anywhere.
func testVectorShapes(r *rig) {
	empty := make([][]byte, 1500)
	for _, c := range []struct {
		name string
		cut  func(p []byte) [][]byte
	}{
		{"one", func(p []byte) [][]byte { return [][]byte{p} }},
		{"small", func(p []byte) [][]byte { return cut(p, 700) }},
		{"more-than-1024", func(p []byte) [][]byte { return cut(p, len(p)/3000) }},
		{"uneven", func(p []byte) [][]byte { return append(cut(p[:70000], 33), cut(p[70000:], 65537)...) }},
		{"empty-first", func(p []byte) [][]byte { return append([][]byte{nil, {}}, cut(p, 9999)...) }},
		{"empty-inside", func(p []byte) [][]byte {
			return append(append(cut(p[:5000], 1000), empty...), cut(p[5000:], 4096)...)
		}},
		{"empty-last", func(p []byte) [][]byte { return append(cut(p, 9999), empty...) }},
	} {
		r.Run(c.name, func(t *testing.T) {
			r := &rig{T: t, b: r.b, dir: r.dir}
			data := pattern(7, 3<<20+11)
			path := r.create("f", []byte("head"))
			h := r.open(path, backend.OpenWrite)
			w := r.do(&backend.Op{Kind: backend.OpWritev, Handle: h, Off: 4, Bufs: c.cut(data)})
			require.Equal(r, len(data), w.N)
			got := make([]byte, len(data))
			rd := r.do(&backend.Op{Kind: backend.OpReadv, Handle: h, Off: 4, Bufs: c.cut(got)})
			require.Equal(r, len(data), rd.N)
			require.False(r, rd.EOF)
			requireSameBytes(r, data, got)
			requireSameBytes(r, append([]byte("head"), data...), r.content(path))
		})
	}
}

func testVectorOfNothing(r *rig) {
	path := r.create("f", []byte("data"))
	h := r.open(path, backend.OpenWrite)
	for _, bufs := range [][][]byte{nil, {}, {nil}, {{}, {}, {}}} {
		for _, kind := range []backend.Kind{backend.OpReadv, backend.OpWritev} {
			op := r.do(&backend.Op{Kind: kind, Handle: h, Off: 2, Bufs: bufs})
			require.Zero(r, op.N)
			require.False(r, op.EOF, "a transfer of nothing does not meet the end")
		}
	}
	require.Equal(r, "data", string(r.content(path)))
}

func testVectorAtEnd(r *rig) {
	data := pattern(3, 100_000)
	h := r.open(r.create("f", data), 0)
	for _, off := range []int{0, 1, 99_990, 100_000} {
		buf := make([]byte, 200_000)
		op := r.do(&backend.Op{Kind: backend.OpReadv, Handle: h, Off: int64(off), Bufs: cut(buf, 60)})
		require.Equal(r, len(data)-off, op.N)
		require.True(r, op.EOF)
		requireSameBytes(r, data[off:], buf[:op.N])
	}
}

// cut divides p into buffers of n bytes.
func cut(p []byte, n int) [][]byte {
	var bufs [][]byte
	for n = max(n, 1); len(p) > n; p = p[n:] {
		bufs = append(bufs, p[:n:n])
	}
	return append(bufs, p)
}

// transferred returns the bytes that a read brought.
func transferred(op *backend.Op) []byte {
	if op.Kind == backend.OpReadv {
		return bytes.Join(op.Bufs, nil)[:op.N]
	}
	return op.Buf[:op.N]
}
