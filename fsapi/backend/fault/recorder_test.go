package fault_test

import (
	"syscall"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

func TestRecorder(t *testing.T) {
	b := wrapped(t)
	path, h := file(t, b, "content")
	rec := b.Record()
	require.Same(t, rec, b.Record())
	b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpSync)}.Fail(syscall.EIO))
	run(t, b, &backend.Op{Kind: backend.OpWritev, Handle: h, Off: 7, Bufs: [][]byte{[]byte("ab"), []byte("c")}})
	run(t, b, &backend.Op{Kind: backend.OpSyncRange, Handle: h, Len: 4096})
	run(t, b, &backend.Op{Kind: backend.OpRead, Handle: h, Off: 5, Buf: make([]byte, 10)})
	run(t, b, &backend.Op{Kind: backend.OpSync, Handle: h})
	run(t, b, &backend.Op{Kind: backend.OpRename, Path: path, NewPath: path + "2"})
	events := rec.Events()
	for i, want := range []fault.Event{
		{Kind: backend.OpWritev, Path: path, Off: 7, Len: 3, N: 3},
		{Kind: backend.OpSyncRange, Path: path, Len: 4096},
		{Kind: backend.OpRead, Path: path, Off: 5, Len: 10, N: 5, EOF: true},
		{Kind: backend.OpSync, Path: path},
		{Kind: backend.OpRename, Path: path, NewPath: path + "2"},
	} {
		got := events[i]
		if want.Kind == backend.OpSync {
			require.ErrorIs(t, got.Err, syscall.EIO)
		} else {
			require.NoError(t, got.Err)
		}
		got.Err, got.Started, got.Finished, got.Chain, got.Member = nil, 0, 0, 0, 0
		require.Equal(t, want, got)
	}
	require.Len(t, events, 5)
	require.Equal(t, events[2:3], rec.Events(backend.OpRead))
	require.Contains(t, events[4].String(), "rename "+path+" -> "+path+"2")
	rec.Clear()
	require.Empty(t, rec.Events())
}

// TestBefore: order is certain when one was over before the other began, or
// when a chain makes it so.
func TestBefore(t *testing.T) {
	one := func(rec *fault.Recorder, k backend.Kind) fault.Event {
		events := rec.Events(k)
		require.Len(t, events, 1)
		return events[0]
	}
	t.Run("one after the other", func(t *testing.T) {
		b := wrapped(t)
		rec := b.Record()
		run(t, b, &backend.Op{Kind: backend.OpNop})
		run(t, b, &backend.Op{Kind: backend.OpMkdir, Path: t.TempDir()})
		nop, mkdir := one(rec, backend.OpNop), one(rec, backend.OpMkdir)
		require.True(t, nop.Before(mkdir))
		require.False(t, mkdir.Before(nop))
	})
	t.Run("together", func(t *testing.T) {
		b := wrapped(t)
		rec := b.Record()
		run(t, b, &backend.Op{Kind: backend.OpNop}, &backend.Op{Kind: backend.OpMkdir, Path: t.TempDir()})
		nop, mkdir := one(rec, backend.OpNop), one(rec, backend.OpMkdir)
		require.False(t, nop.Before(mkdir))
		require.False(t, mkdir.Before(nop))
	})
	t.Run("linked", func(t *testing.T) {
		b := wrapped(t)
		rec := b.Record()
		run(t, b, &backend.Op{Kind: backend.OpNop, Link: true}, &backend.Op{Kind: backend.OpMkdir, Path: t.TempDir()})
		nop, mkdir := one(rec, backend.OpNop), one(rec, backend.OpMkdir)
		require.True(t, nop.Before(mkdir))
		require.False(t, mkdir.Before(nop))
	})
	t.Run("held", func(t *testing.T) {
		b := wrapped(t)
		rec := b.Record()
		f := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpMkdir)}.Hold())
		submit(t, b, &backend.Op{Kind: backend.OpMkdir, Path: t.TempDir()})
		<-f.Reached()
		run(t, b, &backend.Op{Kind: backend.OpNop})
		f.Release()
		reap(t, b, 1)
		nop, mkdir := one(rec, backend.OpNop), one(rec, backend.OpMkdir)
		require.True(t, nop.Before(mkdir))
		require.False(t, mkdir.Before(nop))
	})
}
