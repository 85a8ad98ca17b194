package simdisk

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/backendtest"
)

// TestConformance: the suite compares errnos and histories with those of the
// system it runs on, hence on Linux only. The disk is no backend.NowReader and
// has no symbolic links; what the suite says about these is skipped. Where a test
// makes several engines, all of them have the files of the first.
func TestConformance(t *testing.T) {
	first := map[*testing.T]*Disk{}
	backendtest.Run(t, func(t *testing.T, depth int) backend.Backend {
		if first[t] == nil {
			first[t] = New(Options{Seed: 1, Depth: depth, Umask: umask(t)})
			return first[t]
		}
		d := first[t].Copy()
		d.opts.Depth = max(depth, backend.MaxChain)
		return d
	})
}

// umask is what the engines that the disk is compared with are subject to. One
// test changes it after it has made its engine.
func umask(t *testing.T) fs.FileMode {
	if strings.HasSuffix(t.Name(), "/exact-mode") {
		return 0o077
	}
	if strings.HasSuffix(t.Name(), "/same-as-sync") && links(t) != 3 {
		t.Skip("SKIPPED: this file system does not count the links of directories")
	}
	old := syscall.Umask(0)
	syscall.Umask(old)
	return fs.FileMode(old)
}

// links of a directory with another one in it.
func links(t *testing.T) uint64 {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	return uint64(info.Sys().(*syscall.Stat_t).Nlink)
}
