package fault_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

// wrapped returns a decorated reference engine that the test's end closes.
func wrapped(t *testing.T) *fault.Backend {
	b := fault.Wrap(backend.NewSync(0))
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// run submits ops and waits for all of them.
func run(t testing.TB, b backend.Backend, ops ...*backend.Op) {
	t.Helper()
	submit(t, b, ops...)
	reap(t, b, len(ops))
}

func submit(t testing.TB, b backend.Backend, ops ...*backend.Op) {
	t.Helper()
	started, finished, err := b.Submit(ops, nil)
	require.NoError(t, err)
	require.Equal(t, len(ops), started)
	require.Zero(t, finished)
}

func reap(t testing.TB, b backend.Backend, n int) (ops []*backend.Op) {
	t.Helper()
	done := make([]*backend.Op, n)
	for len(ops) < n {
		m, err := b.Reap(done)
		require.NoError(t, err)
		ops = append(ops, done[:m]...)
	}
	return ops
}

// file makes a file and opens it for writing, before any rule is there.
func file(t *testing.T, b backend.Backend, content string) (string, *backend.Handle) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	h := new(backend.Handle)
	op := &backend.Op{Kind: backend.OpOpen, Path: path, Open: backend.OpenWrite, Handle: h}
	run(t, b, op)
	require.NoError(t, op.Err)
	t.Cleanup(func() {
		if h.IsOpen() {
			run(t, b, &backend.Op{Kind: backend.OpClose, Handle: h})
		}
	})
	return path, h
}

func content(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}
