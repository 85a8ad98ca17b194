package backendtest

import (
	"io/fs"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var reuseCases = []testCase{
	{"again", testSameAgain},
	{"reset", testReset},
	{"user", testUserData},
}

// testSameAgain: results of an earlier use do not shine through.
func testSameAgain(r *rig) {
	h := r.open(r.create("f", []byte("content")), backend.OpenWrite)
	read := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 10)}
	r.do(read)
	require.True(r, read.EOF)
	r.do(&backend.Op{Kind: backend.OpTruncate, Handle: h, Off: 10})
	r.do(read)
	require.False(r, read.EOF)
	require.Equal(r, 10, read.N)
	read.Off = 10
	r.do(read)
	require.Zero(r, read.N)

	stat := &backend.Op{Kind: backend.OpStat, Path: r.path("late")}
	list := &backend.Op{Kind: backend.OpReadDir, Path: r.path("late")}
	r.run(stat, list)
	require.ErrorIs(r, stat.Err, fs.ErrNotExist)
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: r.path("late"), Mode: 0o755})
	r.create("late/f", nil)
	r.do(stat)
	require.Len(r, r.do(list).Entries, 1)
	r.do(&backend.Op{Kind: backend.OpUnlink, Path: r.path("late/f")})
	require.Empty(r, r.do(list).Entries)
	r.do(&backend.Op{Kind: backend.OpUnlink, Path: r.path("late"), Directory: true})
	r.run(stat)
	require.Equal(r, backend.Info{}, stat.Info)
}

func testReset(r *rig) {
	path := r.create("f", []byte("content"))
	op, h := new(backend.Op), new(backend.Handle)
	for range 200 { // one Op for everything
		op.Reset()
		op.Kind, op.Path, op.Handle = backend.OpOpen, path, h
		r.do(op)
		op.Reset()
		op.Kind, op.Handle, op.Buf = backend.OpRead, h, make([]byte, 7)
		r.do(op)
		require.Equal(r, "content", string(op.Buf))
		op.Reset()
		op.Kind, op.Handle = backend.OpClose, h
		r.do(op)
	}
}

// testUserData: every kind brings User back as it was, success or not.
func testUserData(r *rig) {
	var ops []*backend.Op
	for k := range backend.Kinds {
		user := new(int)
		op := &backend.Op{Kind: backend.Kind(k), Path: r.path("missing/f"), NewPath: r.path("missing/g"), User: user}
		if op.Kind == backend.OpOpen {
			op.Handle = new(backend.Handle)
		}
		r.run(op)
		require.Same(r, user, op.User)
		ops = append(ops, op)
	}
	require.NoError(r, ops[backend.OpNop].Err)
	for _, op := range ops[1:] {
		require.Error(r, op.Err, "%v", op.Kind)
	}
}
