package backend

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// unnamed returns an open file without a name.
func unnamed(t *testing.T, dir string) *Handle {
	t.Helper()
	h := &Handle{}
	op := &Op{Kind: OpOpen, Path: dir, Open: OpenUnnamed, Mode: 0o640, Exact: true, Handle: h}
	Execute(op)
	skipUnsupported(t, op.Err)
	require.NoError(t, op.Err)
	t.Cleanup(func() { do(t, &Op{Kind: OpClose, Handle: h}) })
	return h
}

func TestUnnamedFileGetsAName(t *testing.T) {
	dir := t.TempDir()
	umask(t, 0o777)
	path := filepath.Join(dir, "f")
	h := unnamed(t, dir)
	do(t, &Op{Kind: OpWrite, Handle: h, Buf: []byte("content")})
	require.Empty(t, do(t, &Op{Kind: OpReadDir, Path: dir}).Entries, "nobody sees it yet")

	info := do(t, &Op{Kind: OpStat, Handle: h}).Info
	require.Equal(t, fs.FileMode(0o640), info.Mode)
	require.Zero(t, info.Links)
	do(t, &Op{Kind: OpLink, Handle: h, NewPath: path})
	requireContent(t, "content", path)
	require.True(t, info.SameFile(do(t, &Op{Kind: OpStat, Path: path}).Info))

	again := &Op{Kind: OpLink, Handle: h, Path: "unnamed", NewPath: path}
	Execute(again)
	require.ErrorIs(t, again.Err, fs.ErrExist)
	require.ErrorContains(t, again.Err, "link unnamed "+path)
	elsewhere := &Op{Kind: OpLink, Handle: h, NewPath: filepath.Join(dir, "x/y")}
	Execute(elsewhere)
	require.ErrorIs(t, elsewhere.Err, fs.ErrNotExist)
}

// TestUnnamedWhereThereAreNone: /proc has no such files.
func TestUnnamedWhereThereAreNone(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may make files in /proc, if it could have any")
	}
	op := &Op{Kind: OpOpen, Path: "/proc", Open: OpenUnnamed, Mode: 0o600, Handle: &Handle{}}
	Execute(op)
	require.ErrorIs(t, op.Err, ErrUnsupported)
	var errno syscall.Errno
	require.True(t, errors.As(op.Err, &errno))
}

func TestReadNow(t *testing.T) {
	require.True(t, HasReadNow)
	path := written(t, "0123456789")
	h := opened(t, path, 0)
	p := make([]byte, 4)
	do(t, &Op{Kind: OpRead, Handle: h, Buf: make([]byte, 10)}) // it is cached now
	if n, ok := ReadNow(h, p, 3); !ok {
		t.Skip("the file system of the test directory has no reads that do not wait")
	} else {
		require.Equal(t, "3456", string(p[:n]))
	}
	n, ok := ReadNow(h, p, 8)
	require.Equal(t, []any{2, true}, []any{n, ok})
	require.Equal(t, "89", string(p[:2]))
	for _, off := range []int64{10, 1 << 40} {
		n, ok = ReadNow(h, p, off)
		require.Equal(t, []any{0, true}, []any{n, ok}, "the end of the file")
	}
	for name, answer := range map[string]func() (int, bool){
		"no buffer":        func() (int, bool) { return ReadNow(h, nil, 0) },
		"negative offset":  func() (int, bool) { return ReadNow(h, p, -1) },
		"not open":         func() (int, bool) { return ReadNow(&Handle{}, p, 0) },
		"no handle at all": func() (int, bool) { return ReadNow(nil, p, 0) },
		"a directory":      func() (int, bool) { return ReadNow(opened(t, t.TempDir(), OpenDirectory), p, 0) },
	} {
		n, ok = answer()
		require.Equal(t, []any{0, false}, []any{n, ok}, name)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { ReadNow(h, p, 0) }))
}

func TestTransfersDoNotAllocate(t *testing.T) {
	h := opened(t, written(t, "0123456789"), OpenWrite)
	for _, op := range []*Op{
		{Kind: OpRead, Handle: h, Buf: make([]byte, 5)},
		{Kind: OpRead, Handle: h, Buf: make([]byte, 50)},
		{Kind: OpWrite, Handle: h, Buf: make([]byte, 5)},
		{Kind: OpReadv, Handle: h, Bufs: [][]byte{make([]byte, 2), make([]byte, 3)}},
		{Kind: OpWritev, Handle: h, Bufs: [][]byte{make([]byte, 2), make([]byte, 3)}},
		{Kind: OpStat, Handle: h},
		{Kind: OpTruncate, Handle: h, Off: 10},
	} {
		require.Zero(t, testing.AllocsPerRun(100, func() { Execute(op) }), "%v", op.Kind)
		require.NoError(t, op.Err)
	}
}
