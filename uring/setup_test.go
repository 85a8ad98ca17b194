//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"syscall"
	"testing"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// refusing is a kernel that does not know some set-up flags.
func refusing(unknown uint32) setupFunc {
	return func(entries uint, p *abi.IOURingParams) (int, error) {
		if p.Flags&unknown != 0 {
			return -1, os.NewSyscallError("io_uring_setup", syscall.EINVAL)
		}
		return abi.IOURingSetup(entries, p)
	}
}

func TestSetupStepsDown(t *testing.T) {
	open(t, Options{Rings: 1}) // skips where there is no ring
	for _, c := range []struct {
		name    string
		unknown uint32
		want    uint32
	}{
		{"no NO_SQARRAY", setupNoSQArray, abi.IORING_SETUP_SUBMIT_ALL | abi.IORING_SETUP_COOP_TASKRUN},
		{"no COOP_TASKRUN", setupNoSQArray | abi.IORING_SETUP_COOP_TASKRUN, abi.IORING_SETUP_SUBMIT_ALL},
		{"no SUBMIT_ALL", setupNoSQArray | abi.IORING_SETUP_COOP_TASKRUN | abi.IORING_SETUP_SUBMIT_ALL, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := newEngine(Options{Rings: 1}, refusing(c.unknown))
			require.NoError(t, err)
			defer e.Close()
			require.Equal(t, c.want|abi.IORING_SETUP_CLAMP|abi.IORING_SETUP_CQSIZE, e.shards[0].ring.flags)
			path, data := writeFile(t, 10_000)
			requireSame(t, data, readChain(t, e, path, len(data)+1))
		})
	}
}

// readChain reads a small file by a chain.
func readChain(t testing.TB, e *Engine, path string, size int) []byte {
	t.Helper()
	h := new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: path, Handle: h, Link: true},
		{Kind: backend.OpRead, Path: path, Handle: h, Buf: make([]byte, size), Link: true},
		{Kind: backend.OpClose, Path: path, Handle: h},
	}
	run(t, e, ops...)
	for _, op := range ops {
		require.NoError(t, op.Err)
	}
	require.Equal(t, ops[1].N < size, ops[1].EOF)
	return ops[1].Buf[:ops[1].N]
}

func TestUnavailable(t *testing.T) {
	for errno, advice := range map[syscall.Errno]string{
		syscall.EPERM:      "kernel.io_uring_disabled",
		syscall.ENOSYS:     "seccomp",
		syscall.ENOMEM:     "RLIMIT_MEMLOCK",
		syscall.EMFILE:     "RLIMIT_NOFILE",
		syscall.EINVAL:     "Linux 5.11",
		syscall.EOPNOTSUPP: "Linux 5.11",
	} {
		before := openDescriptors(t)
		e, err := newEngine(Options{}, func(uint, *abi.IOURingParams) (int, error) {
			return -1, os.NewSyscallError("io_uring_setup", errno)
		})
		require.Nil(t, e)
		require.ErrorIs(t, err, backend.ErrUnavailable)
		require.ErrorIs(t, err, errno)
		require.ErrorContains(t, err, advice)
		require.Equal(t, before, openDescriptors(t))
	}
}

// TestUnavailableLater: the second ring fails, or lacks what is needed.
func TestUnavailableLater(t *testing.T) {
	open(t, Options{Rings: 1})
	for name, break2nd := range map[string]func(p *abi.IOURingParams) error{
		"limit":    func(*abi.IOURingParams) error { return syscall.EMFILE },
		"features": func(p *abi.IOURingParams) error { p.Features &^= abi.IORING_FEAT_NODROP; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			before, calls := openDescriptors(t), 0
			_, err := newEngine(Options{Rings: 3}, func(entries uint, p *abi.IOURingParams) (int, error) {
				if calls++; calls < 2 {
					return abi.IOURingSetup(entries, p)
				}
				if name == "limit" {
					return -1, break2nd(p)
				}
				fd, err := abi.IOURingSetup(entries, p)
				break2nd(p)
				return fd, err
			})
			require.ErrorIs(t, err, backend.ErrUnavailable)
			require.Equal(t, before, openDescriptors(t))
		})
	}
}

func openDescriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

func TestKindsOf(t *testing.T) {
	p := &probe{lastOp: abi.IORING_OP_LINKAT}
	for i := range p.ops {
		p.ops[i].flags = probeSupported
	}
	p.ops[abi.IORING_OP_MKDIRAT].flags = 0
	native := kindsOf(p)
	require.True(t, native.Has(backend.OpRead))
	require.True(t, native.Has(backend.OpLink), "the last opcode counts")
	require.False(t, native.Has(backend.OpTruncate), "beyond the last opcode")
	require.False(t, native.Has(backend.OpMkdir), "not supported")
	require.False(t, native.Has(backend.OpReadDir), "no opcode")
}

// TestHelperServesWhatTheRingLacks runs chains of kinds that the ring is told
// not to have.
func TestHelperServesWhatTheRingLacks(t *testing.T) {
	e := open(t, Options{Rings: 1})
	path, data := writeFile(t, 5000)
	for _, lacking := range []backend.Kind{backend.OpOpen, backend.OpRead, backend.OpClose} {
		e.shards[0].native = backend.AllKinds &^ (1 << lacking) &^ (1 << backend.OpReadDir)
		before := e.Stats().Helped
		requireSame(t, data, readChain(t, e, path, 6000))
		require.Equal(t, before+1, e.Stats().Helped)
	}
}

// TestTry: the ring can be set up, and must not be used.
func TestTry(t *testing.T) {
	open(t, Options{Rings: 1})
	r, err := openRing(abi.IOURingSetup, 32, 64)
	require.NoError(t, err)
	defer r.close()
	require.NoError(t, r.try())
	r.enter = func(int, uint32, uint32) (int, syscall.Errno) { return 0, syscall.EPERM }
	require.ErrorIs(t, r.try(), syscall.EPERM)
}
