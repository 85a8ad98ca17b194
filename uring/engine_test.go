//go:build linux && (amd64 || arm64)

package uring

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestEveryKind runs each kind once and looks at the file system.
func TestEveryKind(t *testing.T) {
	e := open(t, Options{})
	dir := t.TempDir()
	name, other, linked, held := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c"), filepath.Join(dir, "d")
	h := openFile(t, e, name, backend.OpenCreate|backend.OpenExclusive)

	do := func(op backend.Op) *backend.Op {
		run(t, e, &op)
		require.NoError(t, op.Err, op.Kind)
		return &op
	}
	require.Equal(t, 5, do(backend.Op{Kind: backend.OpWrite, Handle: h, Buf: []byte("hello")}).N)
	vec := [][]byte{[]byte(" wo"), nil, []byte("rld")}
	require.Equal(t, 6, do(backend.Op{Kind: backend.OpWritev, Handle: h, Bufs: vec, Off: 5}).N)
	do(backend.Op{Kind: backend.OpNop})
	do(backend.Op{Kind: backend.OpSyncRange, Handle: h, Len: 11})
	do(backend.Op{Kind: backend.OpDatasync, Handle: h})
	do(backend.Op{Kind: backend.OpSync, Handle: h})
	do(backend.Op{Kind: backend.OpAllocate, Handle: h, Len: 1 << 16})
	buf := make([]byte, 8)
	read := do(backend.Op{Kind: backend.OpRead, Handle: h, Buf: buf, Off: 6})
	require.Equal(t, "world", string(buf[:read.N]))
	require.True(t, read.EOF)
	readv := do(backend.Op{Kind: backend.OpReadv, Handle: h, Bufs: [][]byte{buf[:2], buf[2:5]}, Off: 6})
	require.Equal(t, "world", string(buf[:5]))
	require.False(t, readv.EOF)
	do(backend.Op{Kind: backend.OpTruncate, Handle: h, Off: 5})

	byPath := do(backend.Op{Kind: backend.OpStat, Path: name}).Info
	byHandle := do(backend.Op{Kind: backend.OpStat, Handle: h}).Info
	reference := backend.Op{Kind: backend.OpStat, Path: name}
	backend.Execute(&reference)
	require.Equal(t, reference.Info, byPath)
	require.Equal(t, reference.Info, byHandle)
	require.Equal(t, int64(5), byPath.Size)

	do(backend.Op{Kind: backend.OpLink, Path: name, NewPath: linked})
	do(backend.Op{Kind: backend.OpLink, Handle: h, Path: name, NewPath: held})
	do(backend.Op{Kind: backend.OpRename, Path: name, NewPath: other})
	do(backend.Op{Kind: backend.OpMkdir, Path: filepath.Join(dir, "sub"), Mode: 0o700})
	entries := do(backend.Op{Kind: backend.OpReadDir, Path: dir}).Entries
	require.Len(t, entries, 4)
	do(backend.Op{Kind: backend.OpUnlink, Path: filepath.Join(dir, "sub"), Directory: true})
	for _, p := range []string{other, linked, held} {
		data, err := os.ReadFile(p)
		require.NoError(t, err)
		require.Equal(t, "hello", string(data))
		do(backend.Op{Kind: backend.OpUnlink, Path: p})
		require.NoFileExists(t, p)
	}
	do(backend.Op{Kind: backend.OpClose, Handle: h})
	require.False(t, h.IsOpen())
}

// TestErrorsAreTheReferences compares every failure with the reference engine's.
func TestErrorsAreTheReferences(t *testing.T) {
	e := open(t, Options{})
	dir := t.TempDir()
	file, missing := filepath.Join(dir, "file"), filepath.Join(dir, "missing", "x")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	folder := openFile(t, e, dir, backend.OpenDirectory)
	readOnly := openFile(t, e, file, 0)
	failures := func() []*backend.Op {
		return []*backend.Op{
			{Kind: backend.OpOpen, Path: missing, Handle: new(backend.Handle)},
			{Kind: backend.OpOpen, Path: dir, Open: backend.OpenWrite, Handle: new(backend.Handle)},
			{Kind: backend.OpOpen, Path: file, Open: backend.OpenDirectory, Handle: new(backend.Handle)},
			{Kind: backend.OpOpen, Path: file, Open: backend.OpenCreate | backend.OpenExclusive, Handle: new(backend.Handle)},
			{Kind: backend.OpOpen, Path: file, Open: backend.OpenUnnamed, Handle: new(backend.Handle)},
			{Kind: backend.OpOpen, Path: "", Handle: new(backend.Handle)},
			{Kind: backend.OpOpen, Path: "a\x00b", Handle: new(backend.Handle)},
			{Kind: backend.OpRead, Handle: folder, Path: dir, Buf: []byte{1, 2}},
			{Kind: backend.OpRead, Handle: new(backend.Handle), Buf: []byte{1, 2}},
			{Kind: backend.OpRead, Handle: readOnly, Off: -1, Buf: []byte{1, 2}},
			{Kind: backend.OpWrite, Handle: readOnly, Path: file, Buf: []byte{1, 2}, Off: 7},
			{Kind: backend.OpWritev, Handle: readOnly, Path: file, Bufs: [][]byte{{1, 2}}},
			{Kind: backend.OpTruncate, Handle: readOnly, Path: file, Off: 1},
			{Kind: backend.OpAllocate, Handle: readOnly, Path: file, Len: 1},
			{Kind: backend.OpStat, Path: missing},
			{Kind: backend.OpRename, Path: missing, NewPath: file},
			{Kind: backend.OpRename, Path: file, NewPath: file, Rename: backend.RenameNoReplace},
			{Kind: backend.OpRename, Path: file, NewPath: dir, Rename: backend.RenameNoReplace | backend.RenameExchange},
			{Kind: backend.OpLink, Path: file, NewPath: file},
			{Kind: backend.OpUnlink, Path: missing},
			{Kind: backend.OpUnlink, Path: dir},
			{Kind: backend.OpUnlink, Path: file, Directory: true},
			{Kind: backend.OpMkdir, Path: dir},
			{Kind: backend.OpReadDir, Path: missing},
			{Kind: backend.OpSync, Handle: new(backend.Handle)},
			{Kind: backend.OpClose, Handle: new(backend.Handle)},
			{Kind: backend.Kind(backend.Kinds), Path: file},
		}
	}
	want, got := failures(), failures()
	for i := range want {
		backend.Execute(want[i])
		run(t, e, got[i])
		require.Error(t, want[i].Err)
		require.EqualError(t, got[i].Err, want[i].Err.Error(), "operation %d", i)
		for _, sentinel := range []error{fs.ErrNotExist, fs.ErrExist, backend.ErrInvalid, backend.ErrUnsupported} {
			require.Equal(t, errors.Is(want[i].Err, sentinel), errors.Is(got[i].Err, sentinel))
		}
	}
}
