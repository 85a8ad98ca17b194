//go:build linux && (amd64 || arm64)

package uring

import (
	"errors"
	"os"
	"syscall"
	"testing"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// oneRing returns an engine with a single ring, whose enter is replaced.
func oneRing(t testing.TB, o Options, wrap func(real enterFunc) enterFunc) *Engine {
	o.Rings = 1
	e := open(t, o)
	e.shards[0].ring.enter = wrap(enter)
	return e
}

// TestQueueWraps sends many more entries through the queues than they have.
func TestQueueWraps(t *testing.T) {
	e := open(t, Options{Rings: 1, Depth: 8})
	for range 100 {
		ops := make([]*backend.Op, 7)
		for i := range ops {
			ops[i] = &backend.Op{Kind: backend.OpNop}
		}
		run(t, e, ops...)
	}
	require.Equal(t, uint64(700), e.Stats().Completed)
}

// TestFullQueue: a batch far beyond the depth goes through, piece by piece.
func TestFullQueue(t *testing.T) {
	const n = 10_000
	e := open(t, Options{Depth: 8})
	require.Equal(t, 8, e.Capabilities().Depth)
	path, data := writeFile(t, n)
	h := openFile(t, e, path, 0)
	got := make([]byte, n)
	ops := make([]*backend.Op, n)
	for i := range ops {
		ops[i] = &backend.Op{Kind: backend.OpRead, Handle: h, Buf: got[i : i+1], Off: int64(i)}
	}
	started, finished, err := e.Submit(ops, nil)
	require.NoError(t, err)
	require.Zero(t, finished)
	require.Equal(t, 8, started, "nothing was reaped: no more fit")
	done := make([]*backend.Op, 8)
	for back := 0; back < started; {
		n, err := e.Reap(done)
		require.NoError(t, err)
		back += n
	}
	run(t, e, ops[started:]...)
	requireSame(t, data, got)
}

// TestChainIsTakenWhole: there is room for a part of it only.
func TestChainIsTakenWhole(t *testing.T) {
	e := open(t, Options{Depth: 8})
	nops := func(n int, link bool) (ops []*backend.Op) {
		for range n {
			ops = append(ops, &backend.Op{Kind: backend.OpNop, Link: link})
		}
		return ops
	}
	started, _, err := e.Submit(append(nops(5, false), nops(4, true)...), nil)
	require.NoError(t, err)
	require.Equal(t, 5, started)
	started, _, err = e.Submit(nops(backend.MaxChain+1, true), nil)
	require.ErrorIs(t, err, backend.ErrInvalid)
	require.Zero(t, started)
}

// TestRefusedEnter: the kernel says EAGAIN, EBUSY or EINTR for a while, also
// when nothing is in flight that could wake anybody.
func TestRefusedEnter(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EAGAIN, syscall.EBUSY, syscall.EINTR} {
		t.Run(errno.Error(), func(t *testing.T) {
			refuse := 0
			e := oneRing(t, Options{}, func(real enterFunc) enterFunc {
				return func(fd int, submit, flags uint32) (int, syscall.Errno) {
					if refuse > 0 {
						refuse--
						return 0, errno
					}
					return real(fd, submit, flags)
				}
			})
			path, data := writeFile(t, 5000)
			refuse = 20
			requireSame(t, data, readChain(t, e, path, 6000))
			require.Zero(t, refuse)
		})
	}
}

// TestPartialEnter: the kernel takes one or two entries at a time, and so cuts
// every chain. What was cut off must run when its turn has come, and not
// before.
func TestPartialEnter(t *testing.T) {
	for limit := uint32(1); limit <= 3; limit++ {
		var seen []uint8 // opcodes that the kernel was given
		var e *Engine
		e = oneRing(t, Options{}, func(real enterFunc) enterFunc {
			return func(fd int, submit, flags uint32) (int, syscall.Errno) {
				submit = min(submit, limit)
				r := e.shards[0].ring
				for i := range submit {
					seen = append(seen, r.entries[(*r.sqHead+i)&r.sqMask].opcode)
				}
				return real(fd, submit, flags)
			}
		})
		path, data := writeFile(t, 5000)
		requireSame(t, data, readChain(t, e, path, 6000))

		h := openFile(t, e, path, backend.OpenWrite)
		seen = nil
		ops := []*backend.Op{
			{Kind: backend.OpWrite, Handle: h, Buf: content(100), Link: true},
			{Kind: backend.OpWrite, Handle: h, Buf: content(100), Off: 100, Link: true},
			{Kind: backend.OpDatasync, Handle: h},
		}
		run(t, e, ops...)
		for _, op := range ops {
			require.NoError(t, op.Err)
		}
		want := map[uint32][]uint8{
			1: {abi.IORING_OP_WRITE, abi.IORING_OP_NOP, abi.IORING_OP_NOP, abi.IORING_OP_WRITE, abi.IORING_OP_NOP, abi.IORING_OP_FSYNC},
			2: {abi.IORING_OP_WRITE, abi.IORING_OP_WRITE, abi.IORING_OP_NOP, abi.IORING_OP_FSYNC},
			3: {abi.IORING_OP_WRITE, abi.IORING_OP_WRITE, abi.IORING_OP_FSYNC},
		}
		require.Equal(t, want[limit], seen)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		requireSame(t, append(append(content(100), content(100)...), data[200:]...), got)
	}
}

// TestOverflow: more completions come at once than the queue holds.
func TestOverflow(t *testing.T) {
	const n = 200
	open(t, Options{Rings: 1})
	e, err := newEngine(Options{Rings: 1}, func(entries uint, p *abi.IOURingParams) (int, error) {
		p.CQEntries = 16
		return abi.IOURingSetup(16, p)
	})
	require.NoError(t, err)
	defer e.Close()
	r, w := pipe(t)
	ops := make([]*backend.Op, n)
	for i := range ops {
		ops[i] = &backend.Op{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1)}
	}
	started, _, err := e.Submit(ops, nil)
	require.NoError(t, err)
	require.Equal(t, n, started)
	_, err = w.Write(content(n))
	require.NoError(t, err)
	done := make([]*backend.Op, n)
	for back := 0; back < n; {
		k, err := e.Reap(done)
		require.NoError(t, err)
		for _, op := range done[:k] {
			require.NoError(t, op.Err)
			require.Equal(t, 1, op.N)
		}
		back += k
	}
	require.NotZero(t, e.Stats().Overflows)
}

// pipe returns a handle to read from, on which reads stay in flight until
// something is written.
func pipe(t testing.TB) (*backend.Handle, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	h := new(backend.Handle)
	h.SetFD(int(r.Fd()))
	return h, w
}

// TestBrokenEngine: an errno that cannot be put right ends everything, and
// nobody hangs.
func TestBrokenEngine(t *testing.T) {
	broken := false
	e := oneRing(t, Options{}, func(real enterFunc) enterFunc {
		return func(fd int, submit, flags uint32) (int, syscall.Errno) {
			if broken {
				return 0, syscall.EBADR
			}
			return real(fd, submit, flags)
		}
	})
	waiting := make(chan error)
	r, w := pipe(t)
	_, _, err := e.Submit([]*backend.Op{{Kind: backend.OpRead, Handle: r, Buf: make([]byte, 1)}}, nil)
	require.NoError(t, err)
	go func() {
		_, err := e.Reap(make([]*backend.Op, 1))
		waiting <- err
	}()
	eventually(t, "nobody waits", func() bool { return e.wakeups.waiters.Load() == 1 })
	e.shards[0].mu.Lock()
	broken = true
	e.shards[0].mu.Unlock()
	_, _, err = e.Submit([]*backend.Op{{Kind: backend.OpNop}}, nil)
	require.NoError(t, err, "the operation was taken before the engine broke")
	require.ErrorIs(t, <-waiting, syscall.EBADR)
	_, _, err = e.Submit([]*backend.Op{{Kind: backend.OpNop}}, nil)
	require.ErrorIs(t, err, syscall.EBADR)
	require.NoError(t, e.Close())
	require.NoError(t, w.Close())
	_, err = e.Reap(make([]*backend.Op, 1))
	require.True(t, errors.Is(err, backend.ErrClosed))
}
