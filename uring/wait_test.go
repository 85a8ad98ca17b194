//go:build linux && (amd64 || arm64)

package uring

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// signals returns how often the eventfd has been signalled since the last look.
func signals(t *testing.T, e *Engine) uint64 {
	t.Helper()
	var count [8]byte
	_, err := unix.Read(e.wakeups.fd, count[:])
	if err == unix.EAGAIN {
		return 0
	}
	require.NoError(t, err)
	return binary.NativeEndian.Uint64(count[:])
}

// TestEventfdIsSilent: it is signalled while somebody waits for something that
// is pending, and at no other time.
func TestEventfdIsSilent(t *testing.T) {
	e := open(t, Options{Rings: 1})
	path, _ := writeFile(t, 10)
	h := openFile(t, e, path, backend.OpenWrite)
	sync := func() *backend.Op { return &backend.Op{Kind: backend.OpSync, Handle: h} }

	signals(t, e)
	submitAll(t, e, sync(), sync(), sync())
	poll(t, e, 3)
	require.Zero(t, signals(t, e), "nobody waited")

	r, w := pipe(t)
	submitAll(t, e, &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1)})
	woken := make(chan int)
	go func() {
		n, _ := e.Reap(make([]*backend.Op, 8))
		woken <- n
	}()
	eventually(t, "nobody waits", func() bool {
		e.wakeups.mu.Lock()
		defer e.wakeups.mu.Unlock()
		return e.wakeups.leading
	})
	before := generation(e)
	done := make([]*backend.Op, 16)
	for range 1000 { // these finish at once
		_, n, err := e.Submit([]*backend.Op{{Kind: backend.OpNop}, {Kind: backend.OpNop}}, done)
		require.NoError(t, err)
		require.Equal(t, 2, n)
	}
	require.Equal(t, before, generation(e), "what finished at once woke a waiter")
	_, err := w.Write([]byte{1})
	require.NoError(t, err)
	require.Equal(t, 1, <-woken)
}

// generation counts the wake-ups so far.
func generation(e *Engine) uint64 {
	e.wakeups.mu.Lock()
	defer e.wakeups.mu.Unlock()
	return e.wakeups.generation
}

// TestEveryReaperIsWoken: as many goroutines wait as operations are pending, on
// different rings, and each has room for one.
func TestEveryReaperIsWoken(t *testing.T) {
	const n = 5
	e := open(t, Options{Rings: n})
	var writers []*os.File
	for i := range n {
		r, w := pipe(t)
		writers = append(writers, w)
		for _, s := range e.shards { // all but one are taken: Submit goes there
			if s.index != i {
				s.mu.Lock()
			}
		}
		submitAll(t, e, &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1)})
		for _, s := range e.shards {
			if s.index != i {
				s.mu.Unlock()
			}
		}
		require.Equal(t, int64(1), e.shards[i].busy.Load())
	}
	woken := make(chan error)
	for range n {
		go func() {
			_, err := e.Reap(make([]*backend.Op, 1))
			woken <- err
		}()
	}
	eventually(t, "not all wait", func() bool { return e.wakeups.waiters.Load() == n })
	for _, w := range writers {
		_, err := w.Write([]byte{1})
		require.NoError(t, err)
	}
	for range n {
		require.NoError(t, <-woken)
	}
}

// poll collects n operations without waiting.
func poll(t *testing.T, e *Engine, n int) {
	done := make([]*backend.Op, 16)
	eventually(t, "operations are lost", func() bool {
		_, k, err := e.Submit(nil, done)
		require.NoError(t, err)
		n -= k
		return n == 0
	})
}
