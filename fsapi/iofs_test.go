package fsapi

import (
	iofs "io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestDirFS(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub", "deep"), 0o755))
	for name, size := range map[string]int{"empty": 0, "small": 10, "sub/large": 300_000, "sub/deep/file": 7000} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644))
	}
	for _, kind := range []BackendKind{URing, ThreadPool} {
		t.Run(string(kind), func(t *testing.T) {
			fs := newFS(t, kind)
			require.NoError(t, fstest.TestFS(fs.DirFS(dir), "empty", "small", "sub/large", "sub/deep/file"))
			_, err := fs.DirFS(dir).Open("missing")
			require.ErrorIs(t, err, iofs.ErrNotExist)
			_, err = fs.DirFS(dir).Open("../outside")
			require.ErrorIs(t, err, iofs.ErrInvalid)
		})
	}
}

// newFS returns a file system on the given engine that the test closes, or
// skips the test, loudly, where the engine is not to be had.
func newFS(t *testing.T, kind BackendKind) *FS {
	t.Helper()
	fs, err := New(Options{Backend: kind})
	if err != nil {
		t.Skipf("backend %s: %v", kind, err)
	}
	t.Cleanup(func() { require.NoError(t, fs.Close()) })
	return fs
}
