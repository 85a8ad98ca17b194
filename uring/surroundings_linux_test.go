//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

const childEnv = "URING_TEST_DESCRIPTORS"

// TestFewDescriptors: a process that has hardly any descriptors left, and has
// not needed the runtime's network poller yet, gets an error and goes on.
func TestFewDescriptors(t *testing.T) {
	if free, err := strconv.Atoi(os.Getenv(childEnv)); err == nil {
		takeDescriptors(t, free)
		e, err := New(Options{Rings: 2})
		if err == nil {
			require.NoError(t, e.Close())
			return
		}
		require.ErrorIs(t, err, backend.ErrUnavailable)
		require.ErrorIs(t, err, syscall.EMFILE)
		require.ErrorContains(t, err, "RLIMIT_NOFILE")
		return
	}
	open(t, Options{Rings: 2})
	for free := range 8 {
		// Without a timeout there is no timer, which would need the poller.
		cmd := exec.Command(os.Args[0], "-test.v", "-test.timeout=0", "-test.run=^TestFewDescriptors$")
		cmd.Env = append(os.Environ(), childEnv+"="+strconv.Itoa(free), "GORACE=atexit_sleep_ms=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%d descriptors: %s", free, out)
		require.Contains(t, string(out), "--- PASS: TestFewDescriptors ")
	}
}

// takeDescriptors leaves the process free descriptors.
func takeDescriptors(t *testing.T, free int) {
	const most = 64
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: most, Max: most}))
	var taken []int
	for range most {
		fd, err := unix.Dup(2)
		if err != nil {
			require.Equal(t, unix.EMFILE, err)
			break
		}
		taken = append(taken, fd)
	}
	for _, fd := range taken[:free] {
		unix.Close(fd)
	}
}
