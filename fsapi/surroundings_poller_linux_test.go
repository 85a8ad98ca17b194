package fsapi

import (
	"context"
	"errors"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestFewDescriptorsAtFirst: the Go runtime sets its network poller up when it
// is first needed, and ends the process if there is no descriptor for it. A
// file system must not be what needs it first then.
func TestFewDescriptorsAtFirst(t *testing.T) {
	for free := range 8 {
		for _, kind := range []BackendKind{Auto, ThreadPool} {
			t.Run(strconv.Itoa(free)+" "+string(kind), func(t *testing.T) {
				if !isChild(t) {
					cmd := childCommand(t)
					cmd.Args = append(cmd.Args, "-test.timeout=0") // no timer: it would need the poller
					runChild(t, cmd)
					return
				}
				takeDescriptors(t, free)
				useAtFirst(t, kind)
			})
		}
	}
}

// takeDescriptors leaves free descriptors.
func takeDescriptors(t *testing.T, free int) {
	const most = 64
	limit(t, unix.RLIMIT_NOFILE, most)
	var taken []int
	for range most {
		fd, err := unix.Open("/dev/null", unix.O_CLOEXEC, 0)
		if err == unix.EMFILE {
			break
		}
		require.NoError(t, err)
		taken = append(taken, fd)
	}
	for _, fd := range taken[:free] {
		unix.Close(fd)
	}
}

// useAtFirst uses a file system without anything that needs the poller.
func useAtFirst(t *testing.T, kind BackendKind) {
	fs, err := New(Options{Backend: kind})
	if err != nil {
		require.ErrorIs(t, err, syscall.EMFILE)
		require.ErrorContains(t, err, "RLIMIT_NOFILE")
		return
	}
	called, due := make(chan bool, 8), 0
	for range cap(called) {
		f := fs.Open("/dev/null", ReadOnly)
		f.SetInputCallback(func() { called <- true })
		if _, err := f.Pread(make([]byte, 1), 0); err == ErrAgain {
			due++
		}
	}
	for range due {
		<-called
	}
	f := fs.Create("file", FailIfExists, Perm{})
	w := NewWriter(context.Background(), f)
	if _, err = w.Write([]byte("data")); err == nil {
		err = w.Commit()
	}
	if err != nil && !errors.Is(err, syscall.EMFILE) {
		require.NoError(t, err)
	}
	closeFS(t, fs)
	_, missing := os.Lstat("file")
	require.Equal(t, err != nil, missing != nil, "what Commit has said is true")
}
