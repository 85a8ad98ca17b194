//go:build linux && (amd64 || arm64)

package uring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// hammer is operations of many goroutines on one engine. Anybody gets them back.
type hammer struct {
	*testing.T
	e        *Engine
	dir      string
	path     string
	data     []byte
	h        *backend.Handle
	inFlight atomic.Int64
}

// TestHammer: goroutines submit, reap and cancel at once.
func TestHammer(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, o := range []Options{{}, {Depth: 16}, {Rings: 1, Depth: 40}, {Rings: 5}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			m := &hammer{T: t, e: open(t, o), dir: t.TempDir()}
			m.path, m.data = writeFile(t, 100_000)
			m.h = openFile(t, m.e, m.path, 0)
			descriptors := openDescriptors(t)
			var submitters, reapers sync.WaitGroup
			for i := range 8 {
				submitters.Go(func() { m.submit(rand.New(rand.NewPCG(seed, uint64(i))), 1500) })
			}
			for range 3 {
				reapers.Go(m.reap)
			}
			submitters.Wait()
			eventually(t, "operations are lost", func() bool { return m.inFlight.Load() == 0 || t.Failed() })
			require.Equal(t, descriptors, openDescriptors(t))
			require.Zero(t, m.e.inFlight.Load())
			require.NoError(t, m.e.Close())
			reapers.Wait()
		})
	}
}

func (m *hammer) submit(r *rand.Rand, n int) {
	done := make([]*backend.Op, 1+r.IntN(16))
	for n > 0 && !m.Failed() {
		ops := m.batch(r)
		m.inFlight.Add(int64(len(ops)))
		for len(ops) > 0 && !m.Failed() {
			started, finished, err := m.e.Submit(ops, done)
			m.check(done[:finished], err)
			if started == 0 {
				runtime.Gosched()
			} else if r.IntN(8) == 0 {
				m.e.Cancel(ops[r.IntN(started)])
			}
			n -= started
			ops = ops[started:]
		}
	}
}

// batch is one to eight chains.
func (m *hammer) batch(r *rand.Rand) (ops []*backend.Op) {
	for range 1 + r.IntN(8) {
		off := r.Int64N(int64(len(m.data)))
		switch r.IntN(8) {
		default:
			ops = append(ops, &backend.Op{Kind: backend.OpRead, Handle: m.h, Off: off, Buf: make([]byte, 1+r.IntN(9000))})
		case 0:
			ops = append(ops, fetch(m.path, 1+r.IntN(len(m.data)+1000), 0)[:3]...)
			ops[len(ops)-3].Link, ops[len(ops)-2].Link = true, true
		case 1:
			ops = append(ops, deliver(m.dir, filepath.Join(m.dir, fmt.Sprint(r.Uint64())))...)
			chain := ops[len(ops)-8:]
			for _, op := range chain[:7] {
				op.Link = true
			}
			chain[0].Path += fmt.Sprint(r.Uint64())
			chain[5].Path = chain[0].Path
		case 2:
			ops = append(ops, &backend.Op{Kind: backend.OpStat, Handle: m.h, Path: m.path})
		}
	}
	return ops
}

func (m *hammer) reap() {
	done := make([]*backend.Op, 4)
	for !m.Failed() {
		n, err := m.e.Reap(done)
		if errors.Is(err, backend.ErrClosed) {
			return
		}
		m.check(done[:n], err)
	}
}

// check looks at operations that have come back.
func (m *hammer) check(back []*backend.Op, err error) {
	if err != nil {
		m.Error(err)
	}
	for _, op := range back {
		switch {
		case op.Err != nil && !errors.Is(op.Err, backend.ErrCanceled):
			m.Error(op.Err)
		case op.Kind == backend.OpRead && op.Err == nil:
			want := m.data[op.Off:min(int(op.Off)+len(op.Buf), len(m.data))]
			if string(want) != string(op.Buf[:op.N]) || op.EOF != (op.N < len(op.Buf)) {
				m.Errorf("read of %d at %d: %d bytes, end %v", len(op.Buf), op.Off, op.N, op.EOF)
			}
		case op.Kind == backend.OpStat && op.Err == nil && op.Info.Size != int64(len(m.data)):
			m.Errorf("size %d", op.Info.Size)
		}
	}
	m.inFlight.Add(int64(-len(back)))
}
