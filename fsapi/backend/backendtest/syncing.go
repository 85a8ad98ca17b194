package backendtest

import (
	"runtime"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var syncCases = []testCase{
	{"file", testSyncFile},
	{"directory", testSyncDirectory},
	{"truncate", testTruncate},
	{"allocate", testAllocate},
}

func testSyncFile(r *rig) {
	data := pattern(1, 300_000)
	path := r.create("f", data)
	h := r.open(path, backend.OpenWrite)
	for _, op := range []*backend.Op{
		{Kind: backend.OpSyncRange, Handle: h, Off: 4096, Len: 100_000},
		{Kind: backend.OpSyncRange, Handle: h},                       // Len 0: to the end
		{Kind: backend.OpSyncRange, Handle: h, Off: 1 << 30, Len: 1}, // beyond the end
		{Kind: backend.OpDatasync, Handle: h},
		{Kind: backend.OpSync, Handle: h},
	} {
		r.do(op)
		require.Zero(r, op.N, "%v transfers nothing", op.Kind)
	}
	requireSameBytes(r, data, r.content(path))
	reader := r.open(path, 0) // a handle that cannot write can sync
	if runtime.GOOS != "windows" {
		r.do(&backend.Op{Kind: backend.OpSync, Handle: reader})
		r.do(&backend.Op{Kind: backend.OpDatasync, Handle: reader})
	}
}

func testSyncDirectory(r *rig) {
	r.create("f", []byte("x"))
	h := r.open(r.dir, backend.OpenDirectory)
	r.do(&backend.Op{Kind: backend.OpSync, Handle: h})
	r.do(&backend.Op{Kind: backend.OpDatasync, Handle: h})
}

func testTruncate(r *rig) {
	data := pattern(1, 20_000)
	path := r.create("f", data)
	h := r.open(path, backend.OpenWrite)
	for _, size := range []int{20_000, 12_345, 4096, 4097, 30_000, 0} {
		r.do(&backend.Op{Kind: backend.OpTruncate, Handle: h, Off: int64(size)})
		if size < len(data) {
			data = data[:size]
		}
		data = append(data, make([]byte, size-len(data))...)
		requireSameBytes(r, data, r.content(path))
	}
}

// testAllocate: reserved blocks are not content.
func testAllocate(r *rig) {
	path := r.create("f", []byte("content"))
	h := r.open(path, backend.OpenWrite)
	r.do(&backend.Op{Kind: backend.OpAllocate, Handle: h, Off: 0, Len: 1 << 20})
	r.do(&backend.Op{Kind: backend.OpAllocate, Handle: h, Off: 1 << 20, Len: 4096})
	require.Equal(r, "content", string(r.content(path)))
	r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Off: 7, Buf: []byte(" grows")})
	require.Equal(r, "content grows", string(r.content(path)))
}
