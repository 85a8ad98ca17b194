package fsapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

// readingEngines are the engines that the tests about reading, waiting and
// bounds run on, each with and without reads that need no waiting.
func readingEngines(t *testing.T) map[string]func(t *testing.T) backend.Backend {
	plain := map[string]func() (backend.Backend, error){
		"sync":       func() (backend.Backend, error) { return backend.NewSync(0), nil },
		"threadpool": func() (backend.Backend, error) { return threadpool.New(threadpool.Options{}) },
		"lockfree": func() (backend.Backend, error) {
			return threadpool.New(threadpool.Options{Queue: threadpool.LockFreeQueue})
		},
		"uring": func() (backend.Backend, error) { return uring.New(uring.Options{}) },
	}
	all := map[string]func(t *testing.T) backend.Backend{}
	for name, make := range plain {
		start := func(t *testing.T) backend.Backend {
			b, err := make()
			if errors.Is(err, backend.ErrUnavailable) {
				t.Skip(err)
			}
			require.NoError(t, err)
			return b
		}
		all[name] = start
		all[name+"-queued"] = func(t *testing.T) backend.Backend { return fault.Wrap(start(t)) }
	}
	return all
}

// onReadingEngines runs test on all of them, or on those that are named.
func onReadingEngines(t *testing.T, o Options, test func(t *testing.T, fs *FS), only ...string) {
	engines := readingEngines(t)
	if len(only) == 0 {
		only = []string{"sync", "sync-queued", "threadpool", "threadpool-queued", "lockfree-queued", "uring", "uring-queued"}
	}
	for _, name := range only {
		t.Run(name, func(t *testing.T) { test(t, newReadingFS(t, engines[name](t), o)) })
	}
}

// bothQueued are the real engines, with every read an operation.
var bothQueued = []string{"threadpool-queued", "uring-queued"}

func newReadingFS(t *testing.T, b backend.Backend, o Options) *FS {
	o.Engine = b
	fs, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := fs.Close(); err != nil {
			require.ErrorIs(t, err, ErrClosed)
		}
		require.Zero(t, fs.Stats().Buffered, "all buffers have come back")
		require.Zero(t, fs.Stats().OpenFiles)
		require.Zero(t, fs.Stats().InFlight)
	})
	return fs
}

// soon is a context that ends when the test has hung.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// seeded returns a source of random numbers and prints how to repeat it.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// noise is data of which every piece tells where it comes from.
func noise(n int) []byte {
	data := make([]byte, n+7)
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for i := 0; i < n; i += 8 {
		const odd = 0x0101_0101_0101_0101 // never zero: what was invented shows
		binary.LittleEndian.PutUint64(data[i:], r.Uint64()|odd)
	}
	return data[:n:n]
}

func fileOf(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// asking opens path and returns a handle with a Pread at the start that has
// said ErrAgain. set is called before that.
func asking(t *testing.T, fsys *FS, path string, mode OpenMode, set func(*File)) *File {
	t.Helper()
	for range 1000 {
		f := fsys.Open(path, mode)
		set(f)
		if _, err := f.Pread(make([]byte, 10), 0); err == ErrAgain {
			return f
		}
		f.Close() // the open was fast, and the page cache has answered
	}
	require.Fail(t, "no Pread says ErrAgain")
	return nil
}

// preadWait repeats a Pread until it says something.
func preadWait(ctx context.Context, f *File, p []byte, off int64) (int, error) {
	for {
		n, err := f.Pread(p, off)
		if err != ErrAgain {
			return n, err
		}
		if err := f.Wait(ctx); err != nil {
			return 0, err
		}
	}
}

// readRest reads from off to the end or to an error.
func readRest(ctx context.Context, f *File, off int64) ([]byte, error) {
	var all bytes.Buffer
	p := make([]byte, 10000)
	for {
		n, err := preadWait(ctx, f, p, off)
		all.Write(p[:n])
		off += int64(n)
		if err == io.EOF {
			return all.Bytes(), nil
		}
		if err != nil {
			return all.Bytes(), err
		}
	}
}

// A condition that can only be looked at is looked at so often and so long.
const (
	tick      = time.Millisecond
	timeLimit = 30 * time.Second
)
