//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// direct returns an engine with one ring that opens into its own table.
func direct(t *testing.T, wrap func(real enterFunc) enterFunc) (*Engine, *shard) {
	e := oneRing(t, Options{}, wrap)
	s := e.shards[0]
	if s.directs == 0 {
		t.Skip("SKIPPED, NOTHING IS TESTED: this kernel has no direct descriptors")
	}
	return e, s
}

func asItIs(real enterFunc) enterFunc { return real }

// linked makes the first three members of fetch a chain.
func linked(path string, size int) []*backend.Op {
	chain := fetch(path, size, 0)[:3]
	chain[0].Link, chain[1].Link = true, true
	return chain
}

// TestWholeFilesTwoCalls: many small files at once are two calls, before and
// after the ring has learnt that they are cached, and no descriptor is used.
func TestWholeFilesTwoCalls(t *testing.T) {
	e, s := direct(t, asItIs)
	path, data := writeFile(t, 5000)
	batch := func() (ops []*backend.Op) {
		for range 32 {
			ops = append(ops, linked(path, 6000)...)
		}
		return ops
	}
	run(t, e, batch()...) // the first opens may have to wait for the kernel's workers
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	low := limit
	low.Cur = 1 // no more descriptors
	for round := range 5 {
		ops, before := batch(), e.Stats()
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &low))
		run(t, e, ops...)
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
		after := e.Stats()
		require.LessOrEqual(t, after.Enters-before.Enters, uint64(2), "round %d", round)
		require.Zero(t, after.Helped)
		for i := 0; i < len(ops); i += 3 {
			for _, op := range ops[i : i+3] {
				require.NoError(t, op.Err)
				require.False(t, op.Handle.IsOpen())
			}
			require.True(t, ops[i+1].EOF)
			requireSame(t, data, ops[i+1].Buf[:ops[i+1].N])
		}
	}
	require.GreaterOrEqual(t, s.warmth, warmAt, "the files were cached all the time")
}

// TestWholeFileNotCached: who takes files for cached and meets one that is not
// reads it all the same, and is careful from then on.
func TestWholeFileNotCached(t *testing.T) {
	e, s := direct(t, asItIs)
	path, data := writeFile(t, 300_000)
	for _, from := range []int64{0, 100_000} { // all of it is gone, or all but the beginning
		evict(t, path, from)
		s.warmth = warmAt
		chain, before := linked(path, 400_000), e.Stats().Helped
		run(t, e, chain...)
		require.NoError(t, chain[1].Err)
		require.True(t, chain[1].EOF)
		requireSame(t, data, chain[1].Buf[:chain[1].N])
		if e.Stats().Helped > before {
			require.Less(t, s.warmth, warmAt)
		} else {
			t.Log("this file system does not give the page cache up: only the result was tested")
		}
	}
}

func evict(t *testing.T, path string, from int64) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Sync())
	require.NoError(t, unix.Fadvise(int(f.Fd()), from, 0, unix.FADV_DONTNEED))
}

// TestWholeFileReadAgain: results that do not say where the file ends, or that
// only mean that the kernel could not, make a helper read it by its name.
func TestWholeFileReadAgain(t *testing.T) {
	for _, c := range []struct {
		name         string
		read, peeked int32
	}{
		{"short", 100, 1},
		{"short, then an error", 100, -int32(syscall.EIO)},
		{"again", -int32(syscall.EAGAIN), 1},
		{"interrupted", -int32(syscall.EINTR), 1},
		{"the thread is gone", -int32(syscall.ECANCELED), -int32(syscall.ECANCELED)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, warmth := range []int{0, warmAt} {
				e, s := direct(t, asItIs)
				s.ring.enter = func(fd int, submit, flags uint32) (int, syscall.Errno) {
					n, errno := enter(fd, submit, flags)
					falsify(s, c.read, c.peeked)
					return n, errno
				}
				s.warmth = warmth
				path, data := writeFile(t, 5000)
				chain := linked(path, 6000)
				run(t, e, chain...)
				for _, op := range chain {
					require.NoError(t, op.Err)
				}
				require.True(t, chain[1].EOF)
				requireSame(t, data, chain[1].Buf[:chain[1].N])
				require.False(t, chain[0].Handle.IsOpen())
				require.Equal(t, uint64(1), e.Stats().Helped)
			}
		})
	}
}

// falsify changes the results of a read of 5000 bytes and of the look behind it.
func falsify(s *shard, read, peeked int32) {
	for i := range s.ring.completed() {
		c := &s.ring.events[(s.ring.head+uint32(i))&s.ring.cqMask]
		switch {
		case c.userData&peekMark != 0:
			c.res = peeked
		case c.res == 5000:
			c.res = read
		}
	}
}

// TestWholeFileFailures: what is wrong is what the reference says.
func TestWholeFileFailures(t *testing.T) {
	e, s := direct(t, asItIs)
	dir := t.TempDir()
	for _, name := range []string{"missing", ".", "missing/x"} {
		for _, warmth := range []int{0, warmAt} {
			s.warmth = warmth
			path := filepath.Join(dir, name)
			got, want := linked(path, 100), linked(path, 100)
			run(t, e, got...)
			reference := backend.NewSync(0)
			_, _, err := reference.Submit(want, make([]*backend.Op, 3))
			require.NoError(t, err)
			for i := range got {
				require.Equal(t, want[i].Err, got[i].Err, "%s: %v", name, got[i].Kind)
				require.False(t, got[i].Handle.IsOpen())
			}
		}
	}
}

// TestWholeFileCancelled while it is read: the close runs, the place is free.
func TestWholeFileCancelled(t *testing.T) {
	e, _ := direct(t, asItIs)
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	w, err := os.OpenFile(fifo, os.O_RDWR, 0)
	require.NoError(t, err)
	defer w.Close()
	chain, done := linked(fifo, 100), make([]*backend.Op, 3)
	_, n, err := e.Submit(chain, done)
	require.NoError(t, err)
	for !chain[0].Handle.IsOpen() { // the open may be with a worker
		m, err := e.Reap(done[n:])
		require.NoError(t, err)
		n += m
	}
	e.Cancel(chain[1])
	for n < 3 {
		m, err := e.Reap(done[n:])
		require.NoError(t, err)
		n += m
	}
	require.ErrorIs(t, chain[1].Err, backend.ErrCanceled)
	require.NoError(t, chain[2].Err)
	require.False(t, chain[0].Handle.IsOpen())
}

// TestWholeFileCloseAgain: a close that the kernel has cancelled, with the chain
// and then with the thread that submitted it, runs later; nobody else could do it.
func TestWholeFileCloseAgain(t *testing.T) {
	e, s := direct(t, asItIs)
	path, data := writeFile(t, 5000)
	chain := linked(path, 6000)
	cancel, lost := 2, uint64(0)
	s.ring.enter = func(fd int, submit, flags uint32) (int, syscall.Errno) {
		r := s.ring
		for i := *r.sqHead; i != r.tail; i++ {
			if entry := &r.entries[i&r.sqMask]; entry.opcode == abi.IORING_OP_CLOSE && cancel > 0 {
				lost = entry.userData
				cancel--
				*entry = sqe{opcode: abi.IORING_OP_NOP, flags: entry.flags, userData: lost}
			}
		}
		n, errno := enter(fd, submit, flags)
		for i := range r.completed() {
			if c := &r.events[(r.head+uint32(i))&r.cqMask]; lost != 0 && c.userData == lost {
				c.res, lost = canceledResult, 0
			}
		}
		return n, errno
	}
	run(t, e, chain...)
	require.Zero(t, cancel)
	require.NoError(t, chain[2].Err)
	require.False(t, chain[0].Handle.IsOpen())
	requireSame(t, data, chain[1].Buf[:chain[1].N])
	require.Zero(t, e.Stats().Helped)
}
