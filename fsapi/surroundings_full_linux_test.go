package fsapi

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestFullDisk: a real one, of 2 MiB.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOTHING IS TESTED: only root can mount a small file system; see TestFileTooLarge")
	}
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		if err := unix.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
			t.Skipf("SKIPPED, NOTHING IS TESTED: no mounts here: %v", err)
		}
		defer unix.Unmount(dir, unix.MNT_DETACH)
		put(t, dir+"/filler", large[:1<<20+512<<10])
		require.NoError(t, os.Mkdir(dir+"/mail", 0o700))
		requireFull(t, fs, dir+"/mail", syscall.ENOSPC, func() {
			require.NoError(t, os.Remove(dir+"/filler"))
			require.NoError(t, unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT, "size=64m"))
		})
	})
}

// TestFileTooLarge: the process may write no file of more than 700 KiB.
func TestFileTooLarge(t *testing.T) {
	if !isChild(t) {
		runChild(t, childCommand(t))
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		limit(t, unix.RLIMIT_FSIZE, 700<<10)
		requireFull(t, fs, dir, syscall.EFBIG, func() {
			limit(t, unix.RLIMIT_FSIZE, 1<<30)
		})
	})
}
