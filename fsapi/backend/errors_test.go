package backend

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFailNamesWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		op   Op
		want string
	}{
		{Op{Kind: OpOpen, Path: "dir/f"}, "open dir/f: no such file or directory"},
		{Op{Kind: OpSync, Path: "dir/f"}, "fsync dir/f: no such file or directory"},
		{Op{Kind: OpRead, Path: "f", Off: 100, N: 23}, "read f: at offset 123: no such file or directory"},
		{Op{Kind: OpWrite, Path: "f", Off: 7}, "write f: at offset 7: no such file or directory"},
		{Op{Kind: OpReadv, Path: "f", Off: 1}, "readv f: at offset 1: no such file or directory"},
		{Op{Kind: OpWritev, Path: "f", N: 2}, "writev f: at offset 2: no such file or directory"},
		{Op{Kind: OpRename, Path: "a", NewPath: "b"}, "rename a b: no such file or directory"},
		{Op{Kind: OpLink, Path: "a", NewPath: "b"}, "link a b: no such file or directory"},
		{Op{Kind: OpReadDir, Path: "d"}, "readdir d: no such file or directory"},
	} {
		op := c.op
		op.Fail(syscall.ENOENT)
		require.EqualError(t, op.Err, c.want)
		require.ErrorIs(t, op.Err, fs.ErrNotExist)
		var errno syscall.Errno
		require.ErrorAs(t, op.Err, &errno)
		require.Equal(t, syscall.ENOENT, errno)
		require.Equal(t, c.op.N, op.N, "what was transferred still counts")
	}
}

func TestFailWrapsInTheUsualTypes(t *testing.T) {
	op := Op{Kind: OpRead, Path: "f", Off: 5}
	op.Fail(ErrCanceled)
	require.ErrorIs(t, op.Err, ErrCanceled)
	var path *fs.PathError
	require.ErrorAs(t, op.Err, &path)
	require.Equal(t, []string{"read", "f"}, []string{path.Op, path.Path})
	var at *OffsetError
	require.ErrorAs(t, op.Err, &at)
	require.EqualValues(t, 5, at.Off)

	op = Op{Kind: OpRename, Path: "a", NewPath: "b"}
	op.Fail(ErrClosed)
	require.ErrorIs(t, op.Err, ErrClosed)
	var link *os.LinkError
	require.ErrorAs(t, op.Err, &link)
	require.Equal(t, []string{"rename", "a", "b"}, []string{link.Op, link.Old, link.New})

	op.Fail(nil)
	require.True(t, op.Err == nil, "no typed nil")
}

func TestUnsupportedKeepsTheErrno(t *testing.T) {
	err := unsupported(syscall.ENOSYS)
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorIs(t, err, syscall.ENOSYS)
	require.Equal(t, err, unsupported(err), "once is enough")
}

func TestCheck(t *testing.T) {
	open := &Handle{}
	open.SetFD(0)
	for _, c := range []struct {
		name   string
		op     Op
		reason string // "" for a valid one
	}{
		{"nop", Op{}, ""},
		{"unknown kind", Op{Kind: kinds}, "unknown kind"},
		{"open", Op{Kind: OpOpen, Path: "f", Handle: &Handle{}}, ""},
		{"open without path", Op{Kind: OpOpen, Handle: &Handle{}}, "empty path"},
		{"open with NUL", Op{Kind: OpOpen, Path: "f\x00g", Handle: &Handle{}}, "NUL"},
		{"open without handle", Op{Kind: OpOpen, Path: "f"}, "not open yet"},
		{"open twice", Op{Kind: OpOpen, Path: "f", Handle: open}, "not open yet"},
		{"read", Op{Kind: OpRead, Handle: open}, ""},
		{"read without handle", Op{Kind: OpRead}, "not open"},
		{"read of a closed handle", Op{Kind: OpRead, Handle: &Handle{}}, "not open"},
		{"negative offset", Op{Kind: OpRead, Handle: open, Off: -1}, "negative"},
		{"negative length", Op{Kind: OpAllocate, Handle: open, Len: -1}, "negative"},
		{"truncate to less than nothing", Op{Kind: OpTruncate, Handle: open, Off: -5}, "negative"},
		{"the last byte", Op{Kind: OpWrite, Handle: open, Off: math.MaxInt64 - 1, Buf: []byte{1}}, ""},
		{"past the last byte", Op{Kind: OpWrite, Handle: open, Off: math.MaxInt64, Buf: []byte{1}}, "overflow"},
		{"past the last byte, in parts", Op{Kind: OpReadv, Handle: open, Off: math.MaxInt64 - 1, Bufs: [][]byte{{1}, {2}}}, "overflow"},
		{"range past the last byte", Op{Kind: OpSyncRange, Handle: open, Off: 2, Len: math.MaxInt64 - 1}, "overflow"},
		{"stat of a path", Op{Kind: OpStat, Path: "f", Handle: &Handle{}}, ""},
		{"stat of a handle", Op{Kind: OpStat, Handle: open}, ""},
		{"stat of nothing", Op{Kind: OpStat}, "empty path"},
		{"rename", Op{Kind: OpRename, Path: "a", NewPath: "b"}, ""},
		{"rename that exchanges and does not replace", Op{Kind: OpRename, Path: "a", NewPath: "b", Rename: RenameNoReplace | RenameExchange}, "both"},
		{"rename to nothing", Op{Kind: OpRename, Path: "a"}, "empty path"},
		{"rename to NUL", Op{Kind: OpRename, Path: "a", NewPath: "\x00"}, "NUL"},
		{"link of a handle", Op{Kind: OpLink, Handle: open, NewPath: "b"}, ""},
		{"link of nothing", Op{Kind: OpLink, NewPath: "b"}, "empty path"},
		{"unlink of nothing", Op{Kind: OpUnlink}, "empty path"},
		{"mkdir of nothing", Op{Kind: OpMkdir}, "empty path"},
		{"readdir of nothing", Op{Kind: OpReadDir}, "empty path"},
		{"close of a closed handle", Op{Kind: OpClose, Handle: &Handle{}}, "not open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check(&c.op)
			if c.reason == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrInvalid)
			require.ErrorContains(t, err, c.reason)
		})
	}
	require.ErrorIs(t, Check(&Op{Kind: OpUnlink}), fs.ErrNotExist, "as the system says about an empty path")
	require.False(t, errors.Is(Check(&Op{Kind: OpRead}), fs.ErrNotExist))
}

func TestNextChain(t *testing.T) {
	linked := func(n int) []*Op {
		ops := make([]*Op, n)
		for i := range ops {
			ops[i] = &Op{Link: true}
		}
		return ops
	}
	chain, err := NextChain([]*Op{{}, {Link: true}})
	require.NoError(t, err)
	require.Len(t, chain, 1)
	chain, err = NextChain([]*Op{{Link: true}, {Link: true}, {}, {}})
	require.NoError(t, err)
	require.Len(t, chain, 3)
	chain, err = NextChain(linked(MaxChain))
	require.NoError(t, err, "the batch ends a chain")
	require.Len(t, chain, MaxChain)
	_, err = NextChain(linked(MaxChain + 1))
	require.ErrorIs(t, err, ErrInvalid)
}
