package backendtest

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var nameCases = []testCase{
	{"stat", testStat},
	{"rename", testRename},
	{"rename-no-replace", testRenameNoReplace},
	{"rename-exchange", testRenameExchange},
	{"link", testLink},
	{"unlink", testUnlink},
	{"mkdir", testMkdir},
	{"readdir", testReadDir},
}

func (r *rig) stat(path string) backend.Info {
	r.Helper()
	return r.do(&backend.Op{Kind: backend.OpStat, Path: path}).Info
}

// same reports whether both are one file, as far as the platform can tell.
func same(a, b backend.Info) bool { return a.SameFile(b) || a.Inode == 0 }

func testStat(r *rig) {
	path := r.create("f", make([]byte, 12345))
	h := r.open(path, 0)
	byPath := r.stat(path)
	byHandle := r.do(&backend.Op{Kind: backend.OpStat, Handle: h, Path: "only for error texts"}).Info
	require.Equal(r, byPath, byHandle)
	require.EqualValues(r, 12345, byPath.Size)
	require.True(r, byPath.Mode.IsRegular())
	require.True(r, r.stat(r.dir).Mode.IsDir())
	if h.FD() < 0 {
		return // not a file of this system
	}
	want, err := os.Stat(path)
	require.NoError(r, err)
	require.Equal(r, want.Mode(), byPath.Mode)
	require.WithinDuration(r, want.ModTime(), byPath.ModTime, 0)
	require.WithinDuration(r, time.Now(), byPath.ModTime, 10*time.Minute)
	require.EqualValues(r, 1, byPath.Links)
	require.EqualValues(r, os.Getuid(), byPath.UID)
	require.NotZero(r, byPath.Inode)
	require.NotZero(r, byPath.Dev)
	require.False(r, byPath.SameFile(r.stat(r.create("g", nil))))
}

func testRename(r *rig) {
	old, other := r.create("old", []byte("new content")), r.create("other", []byte("replaced"))
	info := r.stat(old)
	h := r.open(other, 0)
	r.do(&backend.Op{Kind: backend.OpRename, Path: old, NewPath: other})
	require.Equal(r, []string{"other"}, r.names())
	require.Equal(r, "new content", string(r.content(other)))
	require.True(r, same(info, r.stat(other)))
	if runtime.GOOS != "windows" { // who has the replaced file open keeps it
		op := r.do(&backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 20)})
		require.Equal(r, "replaced", string(op.Buf[:op.N]))
	}
}

func testRenameNoReplace(r *rig) {
	old, other := r.create("old", []byte("1")), r.create("other", []byte("2"))
	op := &backend.Op{Kind: backend.OpRename, Path: old, NewPath: other, Rename: backend.RenameNoReplace}
	if r.run(op); errors.Is(op.Err, backend.ErrUnsupported) {
		r.Skip(op.Err)
	}
	requireFailed(r, op, fs.ErrExist)
	require.Equal(r, "1", string(r.content(old)))
	require.Equal(r, "2", string(r.content(other)))
	r.do(&backend.Op{Kind: backend.OpRename, Path: old, NewPath: r.path("third"), Rename: backend.RenameNoReplace})
	require.Equal(r, []string{"other", "third"}, r.names())
	require.Equal(r, "1", string(r.content(r.path("third"))))
}

func testRenameExchange(r *rig) {
	a, b := r.create("a", []byte("was a")), r.create("b", []byte("was b"))
	op := &backend.Op{Kind: backend.OpRename, Path: a, NewPath: b, Rename: backend.RenameExchange}
	if r.run(op); errors.Is(op.Err, backend.ErrUnsupported) {
		require.Equal(r, "was a", string(r.content(a)))
		r.Skip(op.Err)
	}
	require.NoError(r, op.Err)
	require.Equal(r, "was b", string(r.content(a)))
	require.Equal(r, "was a", string(r.content(b)))
	op = &backend.Op{Kind: backend.OpRename, Path: a, NewPath: r.path("missing"), Rename: backend.RenameExchange}
	r.run(op)
	requireFailed(r, op, fs.ErrNotExist)
	require.Equal(r, "was b", string(r.content(a)))
}

func testLink(r *rig) {
	path := r.create("f", []byte("content"))
	r.do(&backend.Op{Kind: backend.OpLink, Path: path, NewPath: r.path("second")})
	require.Equal(r, "content", string(r.content(r.path("second"))))
	info := r.stat(path)
	require.True(r, same(info, r.stat(r.path("second"))))
	if info.Inode != 0 {
		require.EqualValues(r, 2, info.Links)
	}
	h := r.open(path, 0) // a handle names the file whatever became of its name
	op := &backend.Op{Kind: backend.OpLink, Handle: h, Path: path, NewPath: r.path("third")}
	if r.run(op); errors.Is(op.Err, backend.ErrUnsupported) {
		r.Skip(op.Err)
	}
	require.NoError(r, op.Err)
	require.True(r, same(info, r.stat(r.path("third"))))
}

func testUnlink(r *rig) {
	path := r.create("f", []byte("content"))
	h := r.open(path, 0)
	r.do(&backend.Op{Kind: backend.OpUnlink, Path: path})
	require.Empty(r, r.names())
	if runtime.GOOS != "windows" {
		op := r.do(&backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 20)})
		require.Equal(r, "content", string(op.Buf[:op.N]))
	}
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: r.path("dir"), Mode: 0o755})
	r.do(&backend.Op{Kind: backend.OpUnlink, Path: r.path("dir"), Directory: true})
	require.Empty(r, r.names())
}

func testMkdir(r *rig) {
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: r.path("dir"), Mode: 0o700})
	info := r.stat(r.path("dir"))
	require.True(r, info.Mode.IsDir())
	if runtime.GOOS != "windows" {
		require.Equal(r, fs.FileMode(0o700), info.Mode.Perm())
	}
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: r.path("dir/inner"), Mode: 0o700})
	r.create("dir/inner/f", []byte("deep"))
	require.Equal(r, "deep", string(r.content(r.path("dir/inner/f"))))
}

func testReadDir(r *rig) {
	op := r.do(&backend.Op{Kind: backend.OpReadDir, Path: r.dir})
	require.Empty(r, op.Entries)
	want := []string{"B", "a", "dir", "f-10", "f-9", "z", ".hidden", "ä", "f 1"}
	for _, name := range want {
		if name != "dir" {
			r.create(name, nil)
		}
	}
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: r.path("dir"), Mode: 0o755})
	slices.Sort(want)
	require.Equal(r, want, r.names())
	for _, e := range r.do(&backend.Op{Kind: backend.OpReadDir, Path: r.dir}).Entries {
		require.Equal(r, e.Name() == "dir", e.IsDir(), e.Name())
	}
}
