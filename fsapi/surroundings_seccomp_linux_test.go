package fsapi

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const (
	ringSetup    = unix.SYS_IO_URING_SETUP
	ringEnter    = unix.SYS_IO_URING_ENTER
	ringRegister = unix.SYS_IO_URING_REGISTER
)

// TestSeccomp: what containers do to io_uring, with the kernel's own means.
func TestSeccomp(t *testing.T) {
	for _, c := range []struct {
		name    string
		refused []uint32
		errno   syscall.Errno
		hint    string
	}{
		{"container", []uint32{ringSetup, ringEnter, ringRegister}, syscall.EPERM, "io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile"},
		{"old container", []uint32{ringSetup, ringEnter, ringRegister}, syscall.ENOSYS, "seccomp"},
		{"no access", []uint32{ringSetup}, syscall.EACCES, "kernel.io_uring_disabled"},
		{"odd errno", []uint32{ringSetup}, syscall.ENODEV, "Linux 5.11"},
		{"enter only", []uint32{ringEnter}, syscall.EPERM, "seccomp"},
		{"enter only, ENOSYS", []uint32{ringEnter}, syscall.ENOSYS, "seccomp"},
		{"register only", []uint32{ringRegister}, syscall.EPERM, "seccomp"},
		{"register only, ENOSYS", []uint32{ringRegister}, syscall.ENOSYS, "seccomp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !isChild(t) {
				runChild(t, childCommand(t))
				return
			}
			refuse(t, c.refused, c.errno)
			requireNoRing(t, t.TempDir(), c.errno, c.hint)
		})
	}
}

// refuse makes the kernel answer the system calls numbers with errno from now
// on, in all threads.
func refuse(t *testing.T, numbers []uint32, errno syscall.Errno) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	require.NoError(t, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	filter := refusal(numbers, errno)
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	thread, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if e == unix.ENOSYS || e == unix.EINVAL {
		t.Skipf("SKIPPED, NOTHING IS TESTED: no seccomp filters here: %v", e)
	}
	require.Zero(t, e)
	require.Zero(t, thread, "this thread cannot be filtered")
}

// refusal is the filter. Its data is the number of the call and, behind that,
// the architecture.
func refusal(numbers []uint32, errno syscall.Errno) []unix.SockFilter {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K
	)
	arch := uint32(unix.AUDIT_ARCH_X86_64)
	if runtime.GOARCH == "arm64" {
		arch = unix.AUDIT_ARCH_AARCH64
	}
	filter := []unix.SockFilter{
		{Code: load, K: 4},
		{Code: equal, K: arch, Jt: 1},
		{Code: answer, K: unix.SECCOMP_RET_ALLOW},
		{Code: load, K: 0},
	}
	for _, n := range numbers {
		filter = append(filter,
			unix.SockFilter{Code: equal, K: n, Jf: 1},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	return append(filter, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW})
}

// requireNoRing: where io_uring is refused, Auto works and says why, and an
// explicit choice is an error that says the same.
func requireNoRing(t *testing.T, dir string, errno syscall.Errno, hint string) {
	t.Helper()
	before := openDescriptors(t)
	for range 2 { // what failed once has left nothing behind that the next meets
		fs, log := newLogged(t, Options{})
		info := fs.Backend()
		require.Equal(t, ThreadPool, info.Kind)
		require.Contains(t, info.Reason, "auto")
		for _, part := range []string{"io_uring", errno.Error(), hint} {
			require.Contains(t, info.Reason, part)
			require.Contains(t, log.String(), part)
		}
		require.Equal(t, 1, strings.Count(log.String(), "\n"), "one line")
		require.Contains(t, log.String(), "level=INFO")
		requireWorks(t, fs, dir)
		closeFS(t, fs)
	}
	for by, o := range map[string]Options{"Options.Backend": {Backend: URing}, EnvBackend: {}} {
		if by == EnvBackend {
			t.Setenv(EnvBackend, "uring")
		}
		fs, err := New(o)
		require.Nil(t, fs)
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorIs(t, err, errno)
		require.ErrorContains(t, err, hint)
		require.ErrorContains(t, err, by)
	}
	require.Equal(t, before, openDescriptors(t))
}
