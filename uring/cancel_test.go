//go:build linux && (amd64 || arm64)

package uring

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func submitAll(t testing.TB, e *Engine, ops ...*backend.Op) {
	t.Helper()
	started, _, err := e.Submit(ops, nil)
	require.NoError(t, err)
	require.Equal(t, len(ops), started)
}

// reapAll waits for n operations and fails if one comes back twice.
func reapAll(t testing.TB, e *Engine, n int) map[*backend.Op]bool {
	t.Helper()
	back, done := make(map[*backend.Op]bool), make([]*backend.Op, 16)
	for len(back) < n {
		k, err := e.Reap(done)
		require.NoError(t, err)
		for _, op := range done[:k] {
			require.False(t, back[op])
			back[op] = true
		}
	}
	return back
}

// TestCancelRead: a read that would wait for ever, alone and in a chain.
func TestCancelRead(t *testing.T) {
	e := open(t, Options{})
	r, _ := pipe(t)
	path, _ := writeFile(t, 10)
	closing := openFile(t, e, path, 0)
	lone := &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1)}
	first := &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1), Link: true}
	stat := &backend.Op{Kind: backend.OpStat, Path: path, Link: true}
	last := &backend.Op{Kind: backend.OpClose, Handle: closing}
	submitAll(t, e, lone, first, stat, last)
	for _, op := range []*backend.Op{lone, first} {
		e.Cancel(op)
	}
	reapAll(t, e, 4)
	for _, op := range []*backend.Op{lone, first, stat} {
		require.ErrorIs(t, op.Err, backend.ErrCanceled)
	}
	require.NoError(t, last.Err, "a chain closes what is open")
	require.False(t, closing.IsOpen())
	e.Cancel(lone) // not in flight
	run(t, e, &backend.Op{Kind: backend.OpNop})
}

// TestCancelWhatGoesOn: the operation is on its way through several transfers.
func TestCancelWhatGoesOn(t *testing.T) {
	e := open(t, Options{Rings: 1})
	r, w := pipe(t)
	op := &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 100)}
	submitAll(t, e, op)
	_, err := w.Write([]byte("half"))
	require.NoError(t, err)
	eventually(t, "the read never went on", func() bool {
		e.Submit(nil, make([]*backend.Op, 1))
		s := e.shards[0]
		s.mu.Lock()
		defer s.mu.Unlock()
		return op.N == 4
	})
	e.Cancel(op)
	reapAll(t, e, 1)
	require.ErrorIs(t, op.Err, backend.ErrCanceled)
	require.Equal(t, "half", string(op.Buf[:op.N]))
}

// TestCancelWaitingMember: its turn never comes.
func TestCancelWaitingMember(t *testing.T) {
	e := open(t, Options{})
	r, w := pipe(t)
	dir := filepath.Join(t.TempDir(), "dir")
	first := &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 2), Link: true}
	nop := &backend.Op{Kind: backend.OpNop, Link: true}
	last := &backend.Op{Kind: backend.OpMkdir, Path: dir, Mode: 0o700}
	submitAll(t, e, first, nop, last)
	e.Cancel(last)
	_, err := w.Write([]byte("ab"))
	require.NoError(t, err)
	reapAll(t, e, 3)
	require.NoError(t, first.Err)
	require.NoError(t, nop.Err)
	require.ErrorIs(t, last.Err, backend.ErrCanceled)
	require.NoDirExists(t, dir)
}

// TestCancelHelped: operations that wait for the helper pool.
func TestCancelHelped(t *testing.T) {
	const n = 5 * maxHelpers
	e := open(t, Options{Rings: 1})
	dir, before := t.TempDir(), openDescriptors(t)
	e.shards[0].native = 0
	ops := make([]*backend.Op, n)
	for i := range ops {
		ops[i] = &backend.Op{Kind: backend.OpOpen, Path: dir, Open: backend.OpenDirectory, Handle: new(backend.Handle)}
	}
	submitAll(t, e, ops...)
	for i := n - 1; i >= 0; i-- {
		e.Cancel(ops[i])
	}
	reapAll(t, e, n)
	for _, op := range ops {
		requireOpenOrCanceled(t, op)
	}
	require.Equal(t, before, openDescriptors(t))
}

// requireOpenOrCanceled closes the file if there is one, which there must be
// exactly if the open succeeded.
func requireOpenOrCanceled(t *testing.T, op *backend.Op) {
	t.Helper()
	require.Equal(t, op.Err == nil, op.Handle.IsOpen())
	if op.Err != nil {
		require.ErrorIs(t, op.Err, backend.ErrCanceled)
		return
	}
	backend.Execute(&backend.Op{Kind: backend.OpClose, Handle: op.Handle})
}

// TestCancelAnything: creations, syncs and writes at any stage; each comes back
// once, and no descriptor is lost.
func TestCancelAnything(t *testing.T) {
	const n = 200
	e := open(t, Options{Workers: 2})
	dir := t.TempDir()
	path, _ := writeFile(t, 10)
	h := openFile(t, e, path, backend.OpenWrite)
	before := openDescriptors(t)
	var opens, rest []*backend.Op
	for i := range n {
		opens = append(opens, &backend.Op{Kind: backend.OpOpen, Path: filepath.Join(dir, string(rune('a'+i))), Mode: 0o600,
			Open: backend.OpenCreate, Exact: true, Handle: new(backend.Handle)})
		if i%4 == 0 {
			rest = append(rest, &backend.Op{Kind: backend.OpWrite, Handle: h, Buf: content(100), Link: true},
				&backend.Op{Kind: backend.OpSync, Handle: h})
		}
	}
	all := append(append([]*backend.Op{}, opens...), rest...)
	submitAll(t, e, all...)
	for _, op := range all {
		e.Cancel(op)
	}
	reapAll(t, e, len(all))
	for _, op := range opens {
		requireOpenOrCanceled(t, op)
	}
	for _, op := range rest {
		if op.Err != nil {
			require.ErrorIs(t, op.Err, backend.ErrCanceled)
		}
	}
	require.Equal(t, before, openDescriptors(t))
}
