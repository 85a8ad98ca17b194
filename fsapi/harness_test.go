package fsapi

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

// engine makes engines of one kind for tests.
type engine struct {
	name string
	make func(t testing.TB) backend.Backend
}

// engines are all engines of the project; one that this machine does not have
// is skipped, loudly.
var engines = []engine{
	{"sync", func(testing.TB) backend.Backend { return backend.NewSync(0) }},
	{"uring", func(t testing.TB) backend.Backend {
		e, err := uring.New(uring.Options{})
		if err != nil {
			t.Skipf("no io_uring here: %v", err)
		}
		return e
	}},
	{"threadpool/mutex", pool(threadpool.MutexQueue)},
	{"threadpool/lockfree", pool(threadpool.LockFreeQueue)},
}

func pool(q threadpool.QueueKind) func(testing.TB) backend.Backend {
	return func(t testing.TB) backend.Backend {
		p, err := threadpool.New(threadpool.Options{Queue: q})
		require.NoError(t, err)
		return p
	}
}

// eachEngine runs a test on a file system on every engine, and checks that
// nothing is left behind.
func eachEngine(t *testing.T, test func(t *testing.T, fs *FS, dir string)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			before := openDescriptors(t)
			fs := openFS(t, e.make(t), Options{})
			dir := t.TempDir()
			test(t, fs, dir)
			closeFS(t, fs)
			require.Empty(t, temps(t, dir), "temporary files left")
			require.Equal(t, before, openDescriptors(t), "descriptors leaked")
		})
	}
}

// eachFaulty is eachEngine with a fault injector in between.
func eachFaulty(t *testing.T, test func(t *testing.T, fs *FS, b *fault.Backend, dir string)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			b := fault.Wrap(e.make(t))
			fs := openFS(t, b, Options{})
			dir := t.TempDir()
			test(t, fs, b, dir)
			closeFS(t, fs)
			require.Empty(t, temps(t, dir), "temporary files left")
		})
	}
}

func openFS(t testing.TB, b backend.Backend, o Options) *FS {
	o.Engine = b
	fs, err := New(o)
	require.NoError(t, err)
	return fs
}

// closeFS closes fs and checks that all memory has come back.
func closeFS(t testing.TB, fs *FS) {
	if err := fs.Close(); err != ErrClosed {
		require.NoError(t, err)
	}
	s := fs.Stats()
	require.Zero(t, s.Buffered, "buffers leaked")
	require.Zero(t, s.Queued+s.InFlight+s.OpenFiles)
}

// openDescriptors returns how many descriptors the process has, 0 where that
// cannot be seen.
func openDescriptors(t testing.TB) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(fds)
}

func temps(t testing.TB, dir string) (found []string) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if strings.HasPrefix(e.Name(), ".temp.") {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// patient returns a context that ends a test that hangs.
func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func content(t testing.TB, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func put(t testing.TB, path, data string) {
	require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
}

func names(t testing.TB, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	slices.Sort(out)
	return out
}

// write writes data to f, waiting for room.
func write(t testing.TB, f *File, data string) {
	n, err := io.WriteString(NewWriter(patient(t), f), data)
	require.NoError(t, err)
	require.Equal(t, len(data), n)
}
