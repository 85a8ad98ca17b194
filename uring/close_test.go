//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// mappings counts the io_uring mappings of this process.
func mappings(t testing.TB) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	return strings.Count(string(maps), "io_uring")
}

// TestCloseInFlight: what is in flight finishes and can be reaped, new
// operations are refused, and everything is given back.
func TestCloseInFlight(t *testing.T) {
	const n = 1000
	e := open(t, Options{Rings: 1})
	path, _ := writeFile(t, 10)
	h := openFile(t, e, path, backend.OpenWrite)
	require.NoError(t, e.Close())
	goroutines, descriptors, maps := runtime.NumGoroutine(), openDescriptors(t), mappings(t)

	e = open(t, Options{Depth: n + 8})
	r, w := pipe(t)
	ops := make([]*backend.Op, n)
	for i := range ops {
		switch i % 3 {
		case 0:
			ops[i] = &backend.Op{Kind: backend.OpWrite, Handle: h, Buf: content(100), Off: int64(i) * 100}
		case 1:
			ops[i] = &backend.Op{Kind: backend.OpDatasync, Handle: h}
		case 2:
			ops[i] = &backend.Op{Kind: backend.OpReadDir, Path: t.TempDir()}
		}
	}
	ops = append(ops, &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1)})
	submitAll(t, e, ops...)
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	eventually(t, "Close never began", e.closing.Load)
	_, _, err := e.Submit([]*backend.Op{{Kind: backend.OpNop}}, nil)
	require.ErrorIs(t, err, backend.ErrClosed)
	select {
	case <-closed:
		require.Fail(t, "Close did not wait")
	default:
	}
	_, err = w.Write([]byte{1})
	require.NoError(t, err)
	require.NoError(t, <-closed)
	require.NoError(t, e.Close())

	for op := range reapAll(t, e, len(ops)) {
		require.NoError(t, op.Err)
	}
	_, err = e.Reap(make([]*backend.Op, 1))
	require.ErrorIs(t, err, backend.ErrClosed)
	r.SetFD(-1)
	require.Equal(t, maps, mappings(t))
	require.Equal(t, descriptors+2, openDescriptors(t), "the pipe is left")
	eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// TestCloseWakesReapers: nothing is in flight, and they wait.
func TestCloseWakesReapers(t *testing.T) {
	e := open(t, Options{})
	woken := make(chan error)
	const n = 5
	for range n {
		go func() {
			_, err := e.Reap(make([]*backend.Op, 1))
			woken <- err
		}()
	}
	eventually(t, "nobody waits", func() bool { return e.wakeups.waiters.Load() == n })
	require.NoError(t, e.Close())
	for range n {
		require.ErrorIs(t, <-woken, backend.ErrClosed)
	}
}
