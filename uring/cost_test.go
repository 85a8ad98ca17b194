//go:build linux && (amd64 || arm64)

package uring

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestNoAllocation: reads and writes cost the garbage collector nothing, be
// they finished at once or waited for.
func TestNoAllocation(t *testing.T) {
	e := open(t, Options{Rings: 1}) // so that its memory is warm after one run
	path, _ := writeFile(t, 64<<10)
	h := openFile(t, e, path, backend.OpenWrite)
	for _, kind := range []backend.Kind{backend.OpRead, backend.OpWrite, backend.OpReadv, backend.OpWritev} {
		ops, done := make([]*backend.Op, 16), make([]*backend.Op, 16)
		for i := range ops {
			ops[i] = &backend.Op{Kind: kind, Handle: h, Off: int64(i) * 4096, Buf: make([]byte, 4096)}
			ops[i].Bufs = [][]byte{ops[i].Buf[:1000], ops[i].Buf[1000:]}
		}
		got := testing.AllocsPerRun(200, func() {
			started, n, err := e.Submit(ops, done)
			for left := started - n; left > 0 && err == nil; left -= n {
				n, err = e.Reap(done)
			}
			if err != nil || started != len(ops) {
				t.Error(started, err)
			}
		})
		require.Less(t, got, 0.5, kind)
	}
}

// TestOperationsPerEnter: a batch of reads is one call, and a batch of small
// files three: open, read, close.
func TestOperationsPerEnter(t *testing.T) {
	e := open(t, Options{Rings: 1})
	path, data := writeFile(t, 5000)
	var reads, fetches []*backend.Op
	h := openFile(t, e, path, 0)
	for range 32 {
		reads = append(reads, &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 100)})
		chain := fetch(path, 6000, 0)[:3]
		chain[0].Link, chain[1].Link = true, true
		fetches = append(fetches, chain...)
	}
	run(t, e, fetches...) // the first opens may have to wait for the kernel's workers
	for _, c := range []struct {
		ops    []*backend.Op
		enters uint64
	}{{reads, 1}, {fetches, 3}} {
		before := e.Stats()
		run(t, e, c.ops...)
		after := e.Stats()
		require.LessOrEqual(t, after.Enters-before.Enters, c.enters)
		require.Equal(t, uint64(len(c.ops)), after.Completed-before.Completed)
		require.Zero(t, after.Helped)
	}
	require.True(t, fetches[1].EOF)
	requireSame(t, data, fetches[1].Buf[:fetches[1].N])
}
