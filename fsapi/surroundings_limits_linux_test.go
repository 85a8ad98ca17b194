package fsapi

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// limit sets the soft limit of a resource.
func limit(t *testing.T, resource int, n uint64) {
	t.Helper()
	var l unix.Rlimit
	require.NoError(t, unix.Getrlimit(resource, &l))
	l.Cur = n
	require.NoError(t, unix.Setrlimit(resource, &l))
}

// TestNoMemlock: a user who may lock no memory. Newer kernels ask that of
// nobody, so that either answer of Auto may be right, but it has to be one.
func TestNoMemlock(t *testing.T) {
	if !isChild(t) {
		runChild(t, childCommand(t))
		return
	}
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{}))
	becomeNobody(t)
	fs, log := newLogged(t, Options{})
	requireWorks(t, fs, ".")
	closeFS(t, fs)
	ring, err := New(Options{Backend: URing})
	if err == nil {
		require.Equal(t, URing, fs.Backend().Kind)
		requireWorks(t, ring, ".")
		closeFS(t, ring)
		return
	}
	require.Equal(t, ThreadPool, fs.Backend().Kind)
	require.ErrorIs(t, err, ErrUnavailable)
	if errors.Is(err, syscall.ENOMEM) {
		require.ErrorContains(t, err, "RLIMIT_MEMLOCK")
		require.Contains(t, log.String(), "RLIMIT_MEMLOCK")
	}
}

// TestFewDescriptors goes through all limits at which something can be short:
// the eventfd, each ring, the file itself.
func TestFewDescriptors(t *testing.T) {
	if !isChild(t) {
		runChild(t, childCommand(t))
		return
	}
	fs, _ := newLogged(t, Options{}) // what the process needs once is there
	closeFS(t, fs)
	dir, before := t.TempDir(), highestDescriptor(t)
	seen := make(map[string]bool)
	for n := range before + 6 {
		for _, kind := range []BackendKind{Auto, URing, ThreadPool} {
			limit(t, unix.RLIMIT_NOFILE, uint64(n))
			what, err := tryToWrite(t, kind, filepath.Join(dir, strconv.Itoa(n)+string(kind)))
			limit(t, unix.RLIMIT_NOFILE, 1024)
			if err != nil {
				require.ErrorIs(t, err, syscall.EMFILE)
			}
			seen[string(kind)+" "+what] = true
			require.Equal(t, before, highestDescriptor(t), "%s with %d", kind, n)
			require.Empty(t, temps(t, dir))
		}
	}
	t.Log(seen)
	for _, what := range []string{"auto threadpool", "auto no file", "threadpool threadpool", "uring unavailable"} {
		require.True(t, seen[what], "%s: %v", what, seen)
	}
}

// tryToWrite says which engine has written a file, or what there was not.
func tryToWrite(t *testing.T, kind BackendKind, path string) (string, error) {
	fs, err := New(Options{Backend: kind, Sync: SyncNever})
	if err != nil {
		require.Equal(t, URing, kind, "the thread pool needs no descriptor: %v", err)
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorContains(t, err, "RLIMIT_NOFILE")
		return "unavailable", err
	}
	defer closeFS(t, fs)
	if fs.Backend().Kind != kind && kind != Auto {
		require.Fail(t, "another engine", "%s", fs.Backend().Kind)
	}
	if err := commit1(t, fs.Create(path, FailIfExists, Perm{}), "data", ""); err != nil {
		require.ErrorContains(t, err, filepath.Dir(path))
		return "no file", err
	}
	return string(fs.Backend().Kind), nil
}

// highestDescriptor is one more than the highest descriptor of this process.
func highestDescriptor(t *testing.T) (highest int) {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		require.NoError(t, err)
		if _, err := os.Lstat("/proc/self/fd/" + e.Name()); err == nil { // not the one that has read them
			highest = max(highest, n+1)
		}
	}
	return highest
}
