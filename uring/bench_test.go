//go:build linux && (amd64 || arm64)

package uring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

const (
	benchFileSize = 256 << 20
	benchBlock    = 4096
)

// benchFile returns an open file that is in the page cache.
func benchFile(b *testing.B) *backend.Handle {
	path := filepath.Join(b.TempDir(), "data")
	block := content(1 << 20)
	f, err := os.Create(path)
	require.NoError(b, err)
	for range benchFileSize / len(block) {
		_, err = f.Write(block)
		require.NoError(b, err)
	}
	require.NoError(b, f.Sync())
	require.NoError(b, f.Close())
	h := new(backend.Handle)
	op := backend.Op{Kind: backend.OpOpen, Path: path, Handle: h}
	backend.Execute(&op)
	require.NoError(b, op.Err)
	b.Cleanup(func() { backend.Execute(&backend.Op{Kind: backend.OpClose, Handle: h}) })
	return h
}

// BenchmarkRandomRead reads 4 KiB blocks of a cached file; one operation is one
// block.
func BenchmarkRandomRead(b *testing.B) {
	h := benchFile(b)
	for _, goroutines := range []int{1, 4 * runtime.GOMAXPROCS(0)} {
		b.Run(fmt.Sprintf("pread/g%d", goroutines), func(b *testing.B) {
			shareOut(b, goroutines, func(n int, r *rand.Rand) { preads(b, h, n, r) })
		})
		for _, batch := range []int{1, 16, 32} {
			b.Run(fmt.Sprintf("uring/batch%d/g%d", batch, goroutines), func(b *testing.B) {
				e := open(b, Options{})
				shareOut(b, goroutines, func(n int, r *rand.Rand) { ringReads(b, e, h, n, batch, r) })
				report(b, e)
			})
		}
	}
}

// shareOut has b.N operations done by several goroutines.
func shareOut(b *testing.B, goroutines int, work func(n int, r *rand.Rand)) {
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range goroutines {
		n := b.N / goroutines
		if i < b.N%goroutines {
			n++
		}
		all.Go(func() { work(n, rand.New(rand.NewPCG(7, uint64(i)))) })
	}
	all.Wait()
	b.StopTimer()
}

func report(b *testing.B, e *Engine) {
	s := e.Stats()
	b.ReportMetric(float64(s.Completed)/float64(max(s.Enters, 1)), "ops/enter")
}

func preads(b *testing.B, h *backend.Handle, n int, r *rand.Rand) {
	buf := make([]byte, benchBlock)
	for range n {
		if got, err := unix.Pread(h.FD(), buf, offset(r)); got != benchBlock {
			b.Errorf("read %d bytes: %v", got, err)
			return
		}
	}
}

func offset(r *rand.Rand) int64 { return r.Int64N(benchFileSize/benchBlock) * benchBlock }

func ringReads(b *testing.B, e *Engine, h *backend.Handle, n, batch int, r *rand.Rand) {
	mine := newShare(batch)
	for i := range mine.ops {
		*mine.ops[i] = backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, benchBlock), User: mine}
	}
	for n > 0 {
		batch := mine.ops[:min(n, len(mine.ops))]
		for _, op := range batch {
			op.Off = offset(r)
		}
		if !mine.roundTrip(b, e, batch) {
			return
		}
		n -= len(batch)
	}
}

// share is a goroutine's part of the operations in flight. Anybody may get them
// back, and tells the owner.
type share struct {
	ops, done []*backend.Op
	left      atomic.Int64
}

func newShare(n int) *share {
	s := &share{ops: make([]*backend.Op, n), done: make([]*backend.Op, n)}
	for i := range s.ops {
		s.ops[i] = &backend.Op{User: s}
	}
	return s
}

// roundTrip submits ops and collects until all of them are back. It polls,
// since another goroutine may get the last one.
func (s *share) roundTrip(b *testing.B, e *Engine, ops []*backend.Op) bool {
	s.left.Store(int64(len(ops)))
	for s.left.Load() > 0 {
		started, n, err := e.Submit(ops, s.done)
		ops = ops[started:]
		for _, op := range s.done[:n] {
			err = errors.Join(err, op.Err)
			op.User.(*share).left.Add(-1)
		}
		if err != nil {
			b.Error(err)
			return false
		}
		if n == 0 {
			runtime.Gosched()
		}
	}
	return true
}

// BenchmarkSmallFiles reads whole files of mail size; one operation is one file.
func BenchmarkSmallFiles(b *testing.B) {
	const files, batch = 4096, 32
	dir := b.TempDir()
	paths := make([]string, files)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprintf("u.%d", i))
		require.NoError(b, os.WriteFile(paths[i], content(500+r.IntN(12000)), 0o600))
	}
	b.Run("os.ReadFile", func(b *testing.B) {
		for i := range b.N {
			_, err := os.ReadFile(paths[i%files])
			require.NoError(b, err)
		}
	})
	b.Run("raw", func(b *testing.B) {
		buf := make([]byte, 16<<10)
		for i := range b.N {
			readRaw(b, paths[i%files], buf)
		}
	})
	b.Run("raw/g10", func(b *testing.B) {
		var next atomic.Int64
		shareOut(b, 10, func(n int, _ *rand.Rand) {
			buf := make([]byte, 16<<10)
			for range n {
				readRaw(b, paths[int(next.Add(1))%files], buf)
			}
		})
	})
	for _, closed := range []bool{true, false} {
		b.Run(map[bool]string{true: "uring/open-read-close", false: "uring/open-read"}[closed], func(b *testing.B) {
			e := open(b, Options{})
			chains := newChains(batch, closed)
			b.ResetTimer()
			for i := 0; i < b.N; i += batch {
				chains.read(b, e, paths, i)
			}
			b.StopTimer()
			report(b, e)
		})
	}
	b.Run("uring/open-read-close/g2", func(b *testing.B) {
		e := open(b, Options{})
		var next atomic.Int64
		shareOut(b, 2, func(n int, _ *rand.Rand) {
			chains := newChains(batch, true)
			for ; n > 0; n -= batch {
				chains.read(b, e, paths, int(next.Add(batch)))
			}
		})
		report(b, e)
	})
}

func readRaw(b *testing.B, path string, buf []byte) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	var st unix.Stat_t
	if err == nil {
		err = unix.Fstat(fd, &st)
	}
	n := 0
	if err == nil {
		n, err = unix.Pread(fd, buf, 0)
	}
	if err != nil || int64(n) != st.Size {
		b.Errorf("read %d of %d bytes: %v", n, st.Size, err)
	}
	unix.Close(fd)
}

// chains are operations for a batch of files, used again and again.
type chains struct {
	share *share
	each  int
}

func newChains(n int, closed bool) *chains {
	c := &chains{each: 2}
	if closed {
		c.each = 3
	}
	c.share = newShare(n * c.each)
	for i := 0; i < len(c.share.ops); i += c.each {
		h, ops := new(backend.Handle), c.share.ops[i:]
		*ops[0] = backend.Op{Kind: backend.OpOpen, Handle: h, Link: true, User: c.share}
		*ops[1] = backend.Op{Kind: backend.OpRead, Handle: h, Link: closed, Buf: make([]byte, 16<<10), User: c.share}
		if closed {
			*ops[2] = backend.Op{Kind: backend.OpClose, Handle: h, User: c.share}
		}
	}
	return c
}

func (c *chains) read(b *testing.B, e *Engine, paths []string, from int) {
	ops := c.share.ops
	for i := 0; i < len(ops); i += c.each {
		ops[i].Path = paths[(from+i/c.each)%len(paths)]
		ops[i+1].Path = ops[i].Path
	}
	if !c.share.roundTrip(b, e, ops) {
		return
	}
	for i := 0; c.each == 2 && i < len(ops); i += c.each {
		unix.Close(ops[i].Handle.FD())
		ops[i].Handle.SetFD(-1)
	}
}
