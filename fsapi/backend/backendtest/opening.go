package backendtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var openCases = []testCase{
	{"flags", testOpenFlags},
	{"close", testCloseHandle},
	{"exact-mode", testExactMode},
	{"group", testGroup},
	{"unnamed", testUnnamed},
	{"many", testManyOpen},
}

func testOpenFlags(r *rig) {
	path := r.create("f", []byte("content"))
	r.open(path, 0)
	require.Equal(r, "content", string(r.content(path)))
	r.open(path, backend.OpenWrite)
	r.open(path, backend.OpenCreate) // an existing file is kept
	require.Equal(r, "content", string(r.content(path)))
	r.open(path, backend.OpenWrite|backend.OpenTruncate)
	require.Empty(r, r.content(path))

	h := r.open(r.path("new"), backend.OpenCreate|backend.OpenExclusive)
	r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Buf: []byte("ab")}) // OpenCreate implies OpenWrite
	op := r.do(&backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 2)})
	require.Equal(r, "ab", string(op.Buf))

	r.open(r.dir, backend.OpenDirectory)
}

func testCloseHandle(r *rig) {
	path := r.create("f", []byte("content"))
	h := new(backend.Handle)
	for range 3 { // a handle can be used again
		r.do(&backend.Op{Kind: backend.OpOpen, Path: path, Handle: h})
		require.True(r, h.IsOpen())
		r.do(&backend.Op{Kind: backend.OpClose, Handle: h})
		require.False(r, h.IsOpen())
		op := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 1)}
		r.run(op)
		require.ErrorIs(r, op.Err, backend.ErrInvalid)
	}
}

// testExactMode: Exact beats a umask; without it the umask counts.
func testExactMode(r *rig) {
	defer restrictiveUmask(r)()
	for name, c := range map[string]struct {
		exact      bool
		mode, want fs.FileMode
	}{
		"exact":   {true, 0o666, 0o666},
		"exact-2": {true, 0o640, 0o640},
		"exact-3": {true, 0o600, 0o600},
		"masked":  {false, 0o666, 0o600},
	} {
		op := &backend.Op{Kind: backend.OpOpen, Path: r.path(name), Open: backend.OpenCreate | backend.OpenExclusive,
			Mode: c.mode, Exact: c.exact, Handle: new(backend.Handle)}
		r.do(op)
		info := r.do(&backend.Op{Kind: backend.OpStat, Handle: op.Handle}).Info
		r.close(op.Handle)
		require.Equal(r, c.want, info.Mode.Perm(), name)
	}
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: r.path("dir"), Mode: 0o777})
	require.Equal(r, fs.FileMode(0o700), r.do(&backend.Op{Kind: backend.OpStat, Path: r.path("dir")}).Info.Mode.Perm())
}

// testGroup: a created file gets the group that was asked for, also one that
// only a privileged process may give.
func testGroup(r *rig) {
	gids := []int{os.Getgid()}
	if os.Geteuid() == 0 {
		gids = append(gids, 54321)
	}
	for _, gid := range gids {
		if gid < 0 {
			r.Skip("no groups on this platform")
		}
		op := &backend.Op{Kind: backend.OpOpen, Path: r.path("f"), Open: backend.OpenCreate, Mode: 0o600,
			Group: &gid, Handle: new(backend.Handle)}
		r.do(op)
		require.EqualValues(r, gid, r.do(&backend.Op{Kind: backend.OpStat, Handle: op.Handle}).Info.GID)
		r.close(op.Handle)
		r.do(&backend.Op{Kind: backend.OpUnlink, Path: r.path("f")})
	}
}

// testUnnamed: a file without a name is nowhere to be seen until it is linked,
// and then it is complete.
func testUnnamed(r *rig) {
	open := func(mode fs.FileMode) *backend.Handle {
		op := &backend.Op{Kind: backend.OpOpen, Path: r.dir, Open: backend.OpenUnnamed, Mode: mode, Exact: true, Handle: new(backend.Handle)}
		if r.run(op); errors.Is(op.Err, backend.ErrUnsupported) {
			require.False(r, op.Handle.IsOpen())
			r.Skip(op.Err)
		}
		require.NoError(r, op.Err)
		return op.Handle
	}
	data := pattern(1, 100_000)
	r.create("taken", []byte("taken"))
	h := open(0o640)
	r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Buf: data})
	require.Equal(r, []string{"taken"}, r.names())
	op := &backend.Op{Kind: backend.OpLink, Handle: h, NewPath: r.path("taken")}
	r.run(op)
	requireFailed(r, op, fs.ErrExist)
	r.do(&backend.Op{Kind: backend.OpLink, Handle: h, NewPath: r.path("named")})
	r.close(h)
	requireSameBytes(r, data, r.content(r.path("named")))
	require.Equal(r, "taken", string(r.content(r.path("taken"))))
	require.Equal(r, fs.FileMode(0o640), r.do(&backend.Op{Kind: backend.OpStat, Path: r.path("named")}).Info.Mode)

	h = open(0o600)
	r.do(&backend.Op{Kind: backend.OpWrite, Handle: h, Buf: data})
	r.close(h)
	require.Equal(r, []string{"named", "taken"}, r.names())
}

// testManyOpen: handles opened in one batch are handles of different files.
func testManyOpen(r *rig) {
	const n = 100
	var opens, reads, closes []*backend.Op
	for i := range n {
		h := new(backend.Handle)
		name := filepath.Base(r.create(string(rune('A'+i)), pattern(uint64(i), 64)))
		opens = append(opens, &backend.Op{Kind: backend.OpOpen, Path: r.path(name), Handle: h})
		reads = append(reads, &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 64)})
		closes = append(closes, &backend.Op{Kind: backend.OpClose, Handle: h})
	}
	r.run(opens...)
	r.run(reads...)
	r.run(closes...)
	for i := range n {
		require.NoError(r, opens[i].Err)
		requireSameBytes(r, pattern(uint64(i), 64), reads[i].Buf[:reads[i].N])
		require.NoError(r, closes[i].Err)
	}
}
