package fault_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

func TestTransferEffects(t *testing.T) {
	const old, new = "0123456789", "abcdefgh"
	for name, c := range map[string]struct {
		effect func(fault.Rule) fault.Rule
		n      int
		cause  error
		at     int64 // the offset in the error
	}{
		"none":               {func(r fault.Rule) fault.Rule { return r }, 8, nil, 0},
		"fail":               {func(r fault.Rule) fault.Rule { return r.Fail(syscall.EIO) }, 0, syscall.EIO, 1},
		"short":              {func(r fault.Rule) fault.Rule { return r.Short(3) }, 3, nil, 0},
		"short at least 1":   {func(r fault.Rule) fault.Rule { return r.Short(0) }, 1, nil, 0},
		"short beyond":       {func(r fault.Rule) fault.Rule { return r.Short(8) }, 8, nil, 0},
		"partial":            {func(r fault.Rule) fault.Rule { return r.FailPartial(5, syscall.ENOSPC) }, 5, syscall.ENOSPC, 6},
		"partial of nothing": {func(r fault.Rule) fault.Rule { return r.FailPartial(0, syscall.ENOSPC) }, 0, syscall.ENOSPC, 1},
		"partial beyond":     {func(r fault.Rule) fault.Rule { return r.FailPartial(8, syscall.ENOSPC) }, 8, nil, 0},
	} {
		for _, kind := range []backend.Kind{backend.OpRead, backend.OpReadv, backend.OpWrite, backend.OpWritev} {
			t.Run(name+" "+kind.String(), func(t *testing.T) {
				b := wrapped(t)
				path, h := file(t, b, old)
				f := b.Add(c.effect(fault.Rule{Kinds: fault.Kinds(kind)}))
				p := []byte(new)
				op := &backend.Op{Kind: kind, Path: path, Handle: h, Off: 1, Buf: p}
				if kind == backend.OpReadv || kind == backend.OpWritev {
					op.Buf, op.Bufs = nil, [][]byte{p[:2], {}, p[2:4], p[4:]}
				}
				run(t, b, op)
				require.Equal(t, 1, f.Hits())
				require.Equal(t, c.n, op.N)
				require.False(t, op.EOF)
				requireCause(t, op, c.cause, c.at)
				if kind == backend.OpWrite || kind == backend.OpWritev {
					require.Equal(t, old[:1]+new[:c.n]+old[1+c.n:], content(t, path))
				} else {
					require.Equal(t, old[1:1+c.n]+new[c.n:], string(p))
				}
			})
		}
	}
}

func requireCause(t *testing.T, op *backend.Op, cause error, at int64) {
	t.Helper()
	if cause == nil {
		require.NoError(t, op.Err)
		return
	}
	require.ErrorIs(t, op.Err, cause)
	var pe *fs.PathError
	require.ErrorAs(t, op.Err, &pe)
	require.Equal(t, op.Path, pe.Path)
	var oe *backend.OffsetError
	require.ErrorAs(t, op.Err, &oe)
	require.Equal(t, at, oe.Off)
}

// TestShortReadAtEnd: a cut read still tells the end of the file that it met.
func TestShortReadAtEnd(t *testing.T) {
	b := wrapped(t)
	_, h := file(t, b, "abc")
	b.Add(fault.Rule{Times: fault.Always}.Short(5))
	op := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 10)}
	run(t, b, op)
	require.NoError(t, op.Err)
	require.Equal(t, 3, op.N)
	require.True(t, op.EOF)
}

func TestFailAfter(t *testing.T) {
	b := wrapped(t)
	path, h := file(t, b, "old")
	b.Add(fault.Rule{Times: fault.Always}.FailAfter(syscall.EIO))
	other := filepath.Join(filepath.Dir(path), "other")

	write := &backend.Op{Kind: backend.OpWrite, Handle: h, Buf: []byte("new")}
	run(t, b, write)
	requireCause(t, write, syscall.EIO, 0)
	require.Zero(t, write.N)
	require.Equal(t, "new", content(t, path))

	rename := &backend.Op{Kind: backend.OpRename, Path: path, NewPath: other}
	run(t, b, rename)
	require.ErrorIs(t, rename.Err, syscall.EIO)
	require.Equal(t, "new", content(t, other))

	open := &backend.Op{Kind: backend.OpOpen, Path: path, Open: backend.OpenCreate, Mode: 0o600, Handle: new(backend.Handle)}
	run(t, b, open)
	require.ErrorIs(t, open.Err, syscall.EIO)
	require.False(t, open.Handle.IsOpen(), "an open that failed leaves no handle")
	require.FileExists(t, path)

	missing := &backend.Op{Kind: backend.OpUnlink, Path: path + ".missing"}
	run(t, b, missing)
	require.ErrorIs(t, missing.Err, fs.ErrNotExist, "what fails by itself says why")
	require.NotErrorIs(t, missing.Err, syscall.EIO)

	stat := &backend.Op{Kind: backend.OpStat, Path: path}
	list := &backend.Op{Kind: backend.OpReadDir, Path: filepath.Dir(path)}
	run(t, b, stat, list)
	require.ErrorIs(t, stat.Err, syscall.EIO)
	require.Equal(t, backend.Info{}, stat.Info)
	require.ErrorIs(t, list.Err, syscall.EIO)
	require.Nil(t, list.Entries)
}

// TestFailDoesNothing: the operation does not reach the engine.
func TestFailDoesNothing(t *testing.T) {
	b := wrapped(t)
	path, _ := file(t, b, "x")
	b.Add(fault.Rule{Times: fault.Always}.Fail(syscall.EIO))
	op := &backend.Op{Kind: backend.OpUnlink, Path: path}
	run(t, b, op)
	require.ErrorIs(t, op.Err, syscall.EIO)
	require.FileExists(t, path)
}

// TestFailingClose: the handle is not open afterwards, whatever the error says.
func TestFailingClose(t *testing.T) {
	for _, effect := range []func(fault.Rule, error) fault.Rule{fault.Rule.Fail, fault.Rule.FailAfter} {
		b := wrapped(t)
		_, h := file(t, b, "x")
		b.Add(effect(fault.Rule{}, syscall.EIO))
		op := &backend.Op{Kind: backend.OpClose, Handle: h}
		run(t, b, op)
		require.ErrorIs(t, op.Err, syscall.EIO)
		require.False(t, h.IsOpen())
	}
}

// TestChains: a fault at each member of a chain has the consequences that any
// failure there has.
func TestChains(t *testing.T) {
	for member := range 5 {
		b := wrapped(t)
		path := filepath.Join(t.TempDir(), "f")
		f := b.Add(fault.Rule{Skip: member}.Fail(syscall.EIO))
		h := new(backend.Handle)
		ops := []*backend.Op{
			{Kind: backend.OpOpen, Path: path, Open: backend.OpenCreate, Mode: 0o600, Handle: h, Link: true},
			{Kind: backend.OpWrite, Handle: h, Buf: []byte("data"), Link: true},
			{Kind: backend.OpSync, Handle: h, Link: true},
			{Kind: backend.OpClose, Handle: h, Link: true},
			{Kind: backend.OpRename, Path: path, NewPath: path + "2", Link: true},
		}
		run(t, b, ops...)
		require.Equal(t, 1, f.Hits())
		require.False(t, h.IsOpen())
		for i, op := range ops {
			switch {
			case i == member:
				require.ErrorIs(t, op.Err, syscall.EIO)
			case i < member || i == 3 && member > 0: // the close runs
				require.NoError(t, op.Err)
			default:
				require.ErrorIs(t, op.Err, backend.ErrCanceled)
			}
		}
		_, err := os.Stat(path + "2")
		require.True(t, errors.Is(err, fs.ErrNotExist))
	}
}

// TestShortWriteInChain: short is success, and the chain goes on.
func TestShortWriteInChain(t *testing.T) {
	b := wrapped(t)
	path, h := file(t, b, "")
	b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpWrite)}.Short(2))
	ops := []*backend.Op{
		{Kind: backend.OpWrite, Handle: h, Buf: []byte("data"), Link: true},
		{Kind: backend.OpStat, Handle: h},
	}
	run(t, b, ops...)
	require.Equal(t, 2, ops[0].N)
	require.NoError(t, ops[1].Err)
	require.EqualValues(t, 2, ops[1].Info.Size)
	require.Equal(t, "da", content(t, path))
}
