//go:build linux && (amd64 || arm64)

package uring

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// open returns an engine that is closed at the end of the test, or skips.
func open(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Skipf("SKIPPED, NOTHING IS TESTED: no io_uring here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// run submits ops and returns when all of them have come back.
func run(t testing.TB, e *Engine, ops ...*backend.Op) {
	t.Helper()
	back := make(map[*backend.Op]bool)
	done := make([]*backend.Op, 64)
	note := func(n int) {
		for _, op := range done[:n] {
			require.False(t, back[op], "%v came back twice", op.Kind)
			back[op] = true
		}
	}
	for len(ops) > 0 {
		started, n, err := e.Submit(ops, done)
		require.NoError(t, err)
		note(n)
		for _, op := range ops[:started] {
			for !back[op] {
				n, err := e.Reap(done)
				require.NoError(t, err)
				note(n)
			}
		}
		ops = ops[started:]
	}
}

// content returns n bytes that differ from each other.
func content(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func writeFile(t testing.TB, n int) (path string, data []byte) {
	t.Helper()
	path, data = filepath.Join(t.TempDir(), "file"), content(n)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path, data
}

func openFile(t testing.TB, e *Engine, path string, flags backend.OpenFlag) *backend.Handle {
	t.Helper()
	h := new(backend.Handle)
	op := &backend.Op{Kind: backend.OpOpen, Path: path, Open: flags, Mode: 0o600, Handle: h}
	run(t, e, op)
	require.NoError(t, op.Err)
	t.Cleanup(func() {
		if h.IsOpen() {
			backend.Execute(&backend.Op{Kind: backend.OpClose, Handle: h})
		}
	})
	return h
}

// eventually polls for a state that the kernel reaches in its own time.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 2000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.Fail(t, what)
}

func requireSame(t testing.TB, want, got []byte) {
	t.Helper()
	require.True(t, bytes.Equal(want, got), "%d bytes differ from the %d expected", len(got), len(want))
}
