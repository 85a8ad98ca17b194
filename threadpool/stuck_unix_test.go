//go:build linux || darwin

package threadpool

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// stuck is an operation that blocks in its system call until it is let go: to
// open a named pipe for reading waits for a writer.
type stuck struct {
	t    testing.TB
	op   *backend.Op
	path string
}

func newStuck(t testing.TB) *stuck {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	return &stuck{t: t, path: path, op: &backend.Op{Kind: backend.OpOpen, Path: path, Handle: &backend.Handle{}}}
}

// letGo returns when the operation's system call has met the writer.
func (s *stuck) letGo() {
	w, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	require.NoError(s.t, err)
	require.NoError(s.t, w.Close())
}

// closeHandle ends the use of the pipe, once the operation has come back.
func (s *stuck) closeHandle() {
	require.NoError(s.t, s.op.Err)
	op := &backend.Op{Kind: backend.OpClose, Handle: s.op.Handle}
	backend.Execute(op)
	require.NoError(s.t, op.Err)
}

func TestDepthIsTheBound(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 1, Depth: 10, Queue: kind})
		s := newStuck(t)
		submit(t, p, s.op)
		submit(t, p, nops(7)...)

		chain := link(nops(3)...)
		started, finished, err := p.Submit(chain, nil)
		require.NoError(t, err)
		require.Equal(t, []int{0, 0}, []int{started, finished}, "two of three members are not taken")
		require.Zero(t, chain[0].Slot)

		started, _, err = p.Submit(nops(5), nil)
		require.NoError(t, err)
		require.Equal(t, 2, started)
		require.Equal(t, 10, p.slots.InFlight())

		s.letGo()
		require.Same(t, s.op, reap(t, p, 10)[0], "one worker keeps the order")
		s.closeHandle()
	})
}

func TestAtMostWorkersBlock(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 3, Queue: kind})
		pipes := make([]*stuck, 3)
		for i := range pipes {
			pipes[i] = newStuck(t)
		}
		after := &backend.Op{}
		submit(t, p, pipes[0].op, pipes[1].op, pipes[2].op, after)
		pipes[2].letGo() // so all three are in their system calls, or will be
		reap(t, p, 2)    // and the one behind them has run, on the worker that was let go
		require.Equal(t, Stats{Finished: 2, Workers: 3}, p.Stats())
		pipes[0].letGo()
		pipes[1].letGo()
		reap(t, p, 2)
		for _, s := range pipes {
			s.closeHandle()
		}
	})
}
