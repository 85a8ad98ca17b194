package backendtest

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var failureCases = []testCase{
	{"names", testNameFailures},
	{"handles", testHandleFailures},
	{"permission", testPermission},
	{"links", testSymlinkLoop},
	{"full-device", testFullDevice},
	{"file-too-large", testFileTooLarge},
}

// requireFailed: op failed with this cause, and its error names operation,
// path and, for transfers, the offset.
func requireFailed(r *rig, op *backend.Op, cause error) {
	r.Helper()
	require.ErrorIs(r, op.Err, cause, "%v %q", op.Kind, op.Path)
	if op.Kind == backend.OpRename || op.Kind == backend.OpLink {
		var le *os.LinkError
		require.ErrorAs(r, op.Err, &le)
		require.Equal(r, []string{op.Kind.String(), op.Path, op.NewPath}, []string{le.Op, le.Old, le.New})
		return
	}
	var pe *fs.PathError
	require.ErrorAs(r, op.Err, &pe)
	require.Equal(r, []string{op.Kind.String(), op.Path}, []string{pe.Op, pe.Path})
	switch op.Kind {
	case backend.OpRead, backend.OpWrite, backend.OpReadv, backend.OpWritev:
		var oe *backend.OffsetError
		require.ErrorAs(r, op.Err, &oe)
		require.Equal(r, op.Off+int64(op.N), oe.Off)
	}
}

func testNameFailures(r *rig) {
	file, missing, dir := r.create("file", []byte("x")), r.path("missing"), r.path("dir")
	r.do(&backend.Op{Kind: backend.OpMkdir, Path: dir, Mode: 0o755})
	r.create("dir/inner", nil)
	below, long := r.path("file/below"), r.path(strings.Repeat("n", 300))
	open := func(path string, flags backend.OpenFlag) *backend.Op {
		return &backend.Op{Kind: backend.OpOpen, Path: path, Open: flags, Mode: 0o600, Handle: new(backend.Handle)}
	}
	for _, c := range []struct {
		op    *backend.Op
		cause error
	}{
		{open(missing, 0), fs.ErrNotExist},
		{open(missing, 0), syscall.ENOENT},
		{open(r.path("missing/f"), backend.OpenCreate), fs.ErrNotExist},
		{open(below, 0), syscall.ENOTDIR},
		{open(file, backend.OpenCreate|backend.OpenExclusive), fs.ErrExist},
		{open(file, backend.OpenDirectory), syscall.ENOTDIR},
		{open(dir, backend.OpenWrite), syscall.EISDIR},
		{open(long, backend.OpenCreate), syscall.ENAMETOOLONG},
		{&backend.Op{Kind: backend.OpStat, Path: missing}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpStat, Path: below}, syscall.ENOTDIR},
		{&backend.Op{Kind: backend.OpRename, Path: missing, NewPath: file}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpRename, Path: dir, NewPath: file}, syscall.ENOTDIR},
		{&backend.Op{Kind: backend.OpRename, Path: file, NewPath: dir}, syscall.EISDIR},
		{&backend.Op{Kind: backend.OpRename, Path: file, NewPath: r.path("missing/f")}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpLink, Path: missing, NewPath: r.path("new")}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpLink, Path: file, NewPath: file}, fs.ErrExist},
		{&backend.Op{Kind: backend.OpLink, Path: file, NewPath: dir}, fs.ErrExist},
		{&backend.Op{Kind: backend.OpUnlink, Path: missing}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpUnlink, Path: missing, Directory: true}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpUnlink, Path: file, Directory: true}, syscall.ENOTDIR},
		{&backend.Op{Kind: backend.OpUnlink, Path: dir, Directory: true}, syscall.ENOTEMPTY},
		{&backend.Op{Kind: backend.OpMkdir, Path: dir, Mode: 0o755}, fs.ErrExist},
		{&backend.Op{Kind: backend.OpMkdir, Path: file, Mode: 0o755}, fs.ErrExist},
		{&backend.Op{Kind: backend.OpMkdir, Path: r.path("missing/dir"), Mode: 0o755}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpReadDir, Path: missing}, fs.ErrNotExist},
		{&backend.Op{Kind: backend.OpReadDir, Path: file}, syscall.ENOTDIR},
	} {
		r.run(c.op)
		requireFailed(r, c.op, c.cause)
		require.False(r, c.op.Handle.IsOpen())
		require.Empty(r, c.op.Entries)
	}
	op := &backend.Op{Kind: backend.OpUnlink, Path: dir}
	r.run(op)
	require.Error(r, op.Err, "unlink removes no directory") // the errno depends on the platform
	require.Equal(r, []string{"dir", "file"}, r.names())
	require.Equal(r, "x", string(r.content(file)))
}

func testHandleFailures(r *rig) {
	file := r.create("file", []byte("content"))
	reader, dir := r.open(file, 0), r.open(r.dir, backend.OpenDirectory)
	for _, c := range []struct {
		op    *backend.Op
		cause error
	}{
		{&backend.Op{Kind: backend.OpWrite, Handle: reader, Off: 5000, Buf: []byte("no")}, syscall.EBADF},
		{&backend.Op{Kind: backend.OpWritev, Handle: reader, Off: 5, Bufs: [][]byte{[]byte("no")}}, syscall.EBADF},
		{&backend.Op{Kind: backend.OpRead, Handle: dir, Off: 3, Buf: make([]byte, 1)}, syscall.EISDIR},
		{&backend.Op{Kind: backend.OpReadv, Handle: dir, Bufs: [][]byte{make([]byte, 1)}}, syscall.EISDIR},
	} {
		c.op.Path = "the name in the error text"
		r.run(c.op)
		requireFailed(r, c.op, c.cause)
		require.Zero(r, c.op.N)
		require.False(r, c.op.EOF)
	}
	op := &backend.Op{Kind: backend.OpTruncate, Handle: reader, Path: file, Off: 1}
	r.run(op)
	var errno syscall.Errno // EINVAL or EBADF
	require.ErrorAs(r, op.Err, &errno)
	requireFailed(r, op, errno)
	require.Equal(r, "content", string(r.content(file)))
}

func testPermission(r *rig) {
	if os.Geteuid() == 0 {
		r.Skip("root may do everything")
	}
	path := r.create("f", nil)
	if h := r.open(path, 0); h.FD() < 0 {
		r.Skip("not a file of this system")
	}
	require.NoError(r, os.Chmod(path, 0))
	op := &backend.Op{Kind: backend.OpOpen, Path: path, Handle: new(backend.Handle)}
	r.run(op)
	requireFailed(r, op, fs.ErrPermission)
	require.NoError(r, os.Chmod(r.dir, 0o500))
	defer os.Chmod(r.dir, 0o700)
	op = &backend.Op{Kind: backend.OpUnlink, Path: path}
	r.run(op)
	requireFailed(r, op, fs.ErrPermission)
}

func testSymlinkLoop(r *rig) {
	if h := r.open(r.create("f", nil), 0); h.FD() < 0 {
		r.Skip("not a file of this system")
	}
	require.NoError(r, os.Symlink("loop", r.path("loop")))
	for _, op := range []*backend.Op{
		{Kind: backend.OpOpen, Path: r.path("loop"), Handle: new(backend.Handle)},
		{Kind: backend.OpStat, Path: r.path("loop")},
	} {
		r.run(op)
		requireFailed(r, op, syscall.ELOOP)
	}
	r.do(&backend.Op{Kind: backend.OpUnlink, Path: r.path("loop")}) // the link itself
}

// testFullDevice writes to the device that is always full.
func testFullDevice(r *rig) {
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		r.Skip("no /dev/full here")
	}
	h := new(backend.Handle)
	open := &backend.Op{Kind: backend.OpOpen, Path: "/dev/full", Open: backend.OpenWrite, Handle: h}
	if r.run(open); open.Err != nil {
		r.Skip(open.Err)
	}
	defer r.close(h)
	op := &backend.Op{Kind: backend.OpWrite, Path: "/dev/full", Handle: h, Off: 4096, Buf: make([]byte, 100)}
	r.run(op)
	requireFailed(r, op, syscall.ENOSPC)
	require.Zero(r, op.N)
}

// testFileTooLarge: a write that stops in the middle says how far it came.
func testFileTooLarge(r *rig) {
	h := r.open(r.create("f", nil), backend.OpenWrite)
	limit, ok := sizeLimit(r, h)
	if !ok {
		r.Skip("no limit of file sizes to run into")
	}
	for _, op := range []*backend.Op{
		{Kind: backend.OpWrite, Buf: make([]byte, 10_000)},
		{Kind: backend.OpWritev, Bufs: cut(make([]byte, 10_000), 999)},
	} {
		op.Path, op.Handle, op.Off = r.path("f"), h, limit-6000
		r.run(op)
		requireFailed(r, op, syscall.EFBIG)
		require.Equal(r, 6000, op.N)
	}
	r.do(&backend.Op{Kind: backend.OpTruncate, Handle: h})
}

// sizeLimit finds the largest size of a file on this file system, if it is so
// much below what an offset can say that a transfer may cross it.
func sizeLimit(r *rig, h *backend.Handle) (int64, bool) {
	fits := func(size int64) bool {
		op := &backend.Op{Kind: backend.OpTruncate, Handle: h, Off: size}
		r.run(op)
		require.True(r, op.Err == nil || errors.Is(op.Err, syscall.EFBIG) || errors.Is(op.Err, syscall.EINVAL), "%v", op.Err)
		return op.Err == nil
	}
	low, high := int64(1), int64(1)<<62
	if fits(high) {
		return 0, false
	}
	for low+1 < high {
		if mid := low + (high-low)/2; fits(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	r.do(&backend.Op{Kind: backend.OpTruncate, Handle: h})
	return low, true
}
