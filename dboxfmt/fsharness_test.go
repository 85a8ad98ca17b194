package dboxfmt

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	inject "github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

// engines are the two real engines and the synchronous one. On those with a
// recorder in between every read is an operation, and rules can hit it.
var engines = map[string]func(testing.TB) backend.Backend{
	"sync":              func(testing.TB) backend.Backend { return backend.NewSync(0) },
	"threadpool":        poolEngine,
	"uring":             ringEngine,
	"sync-queued":       func(testing.TB) backend.Backend { return inject.Wrap(backend.NewSync(0)) },
	"threadpool-queued": func(t testing.TB) backend.Backend { return inject.Wrap(poolEngine(t)) },
	"uring-queued":      func(t testing.TB) backend.Backend { return inject.Wrap(ringEngine(t)) },
}

// queued are those on which rules can be set.
var queued = []string{"sync-queued", "threadpool-queued", "uring-queued"}

func poolEngine(t testing.TB) backend.Backend {
	p, err := threadpool.New(threadpool.Options{})
	require.NoError(t, err)
	return p
}

func ringEngine(t testing.TB) backend.Backend {
	e, err := uring.New(uring.Options{})
	if err != nil {
		t.Skipf("SKIPPED: no io_uring here: %v", err)
	}
	return e
}

// onEngines runs test on a file system of each engine, or of those named, and
// checks that nothing is left behind.
func onEngines(t *testing.T, test func(t *testing.T, d *disk), only ...string) {
	if len(only) == 0 {
		only = []string{"sync", "threadpool", "uring", "sync-queued", "threadpool-queued", "uring-queued"}
	}
	for _, name := range only {
		t.Run(name, func(t *testing.T) { test(t, newDisk(t, engines[name](t))) })
	}
}

// disk is a file system under test and a directory in it.
type disk struct {
	t testing.TB
	*fsapi.FS
	dir   string
	rules *inject.Backend // nil: there can be none
}

func newDisk(t testing.TB, b backend.Backend) *disk {
	before := runtime.NumGoroutine()
	d := &disk{t: t, dir: t.TempDir()}
	d.rules, _ = b.(*inject.Backend)
	var err error
	d.FS, err = fsapi.New(fsapi.Options{Engine: b, Sync: fsapi.SyncNever})
	require.NoError(t, err)
	t.Cleanup(func() { d.check(before) })
	return d
}

// check closes the file system: all memory, files and goroutines have come back.
func (d *disk) check(goroutines int) {
	if err := d.Close(); err != nil {
		require.ErrorIs(d.t, err, fsapi.ErrClosed)
	}
	s := d.Stats()
	require.Zero(d.t, s.Buffered, "buffers leaked")
	require.Zero(d.t, s.Queued+s.InFlight+s.OpenFiles)
	require.Empty(d.t, d.temporary(), "temporary files left")
	require.Eventually(d.t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }, 20*time.Second, time.Millisecond, "goroutines leaked")
}

func (d *disk) temporary() (left []string) {
	names, err := filepath.Glob(filepath.Join(d.dir, ".temp.*"))
	require.NoError(d.t, err)
	return names
}

// put writes a file and returns its path.
func (d *disk) put(name string, data []byte) string {
	path := filepath.Join(d.dir, name)
	require.NoError(d.t, os.WriteFile(path, data, 0o600))
	return path
}

// extend appends to a file.
func (d *disk) extend(path string, data []byte) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(d.t, err)
	_, err = f.Write(data)
	require.NoError(d.t, err)
	require.NoError(d.t, f.Close())
}

// content returns what a file holds; "" if there is none.
func (d *disk) content(path string) string {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	require.NoError(d.t, err)
	return string(data)
}

// open opens a file for the time of the test.
func (d *disk) open(path string) *fsapi.File {
	f := d.Open(path, fsapi.ReadOnly)
	d.t.Cleanup(func() { f.Close() })
	return f
}

// names are those of the files in the directory, without .temp. ones.
func (d *disk) names() (names []string) {
	entries, err := os.ReadDir(d.dir)
	require.NoError(d.t, err)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".temp.") {
			names = append(names, e.Name())
		}
	}
	return names
}

// soon is a context that ends when a test has hung.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// waits are the three ways to find out that a call is worth repeating.
var waits = map[string]func(t testing.TB, d *disk, f *fsapi.File, set func(func())) func(){
	"event loop": func(t testing.TB, d *disk, _ *fsapi.File, _ func(func())) func() {
		ctx := soon(t)
		return func() { require.NoError(t, d.Wait(ctx)) }
	},
	"goroutine": func(t testing.TB, _ *disk, f *fsapi.File, _ func(func())) func() {
		ctx := soon(t)
		return func() { require.NoError(t, f.Wait(ctx)) }
	},
	"callback": func(t testing.TB, _ *disk, _ *fsapi.File, set func(func())) func() {
		ctx, called := soon(t), make(chan bool, 1)
		set(func() {
			select {
			case called <- true:
			default: // one is enough to call again
			}
		})
		return func() {
			select {
			case <-called:
			case <-ctx.Done():
				require.Fail(t, "no callback")
			}
		}
	},
}

// patient repeats a call that says ErrAgain.
func patient(wait func(), call func() error) error {
	for {
		err := call()
		if err != fsapi.ErrAgain {
			return err
		}
		wait()
	}
}

// drain reads a stream of a message to its end, in small and large pieces.
func drain(s *MessageStream, wait func()) (m *Message, body []byte, err error) {
	p := make([]byte, 700)
	err = patient(wait, func() (err error) {
		m, err = s.Message()
		return err
	})
	for err == nil {
		var n int
		err = patient(wait, func() (err error) {
			n, err = s.Read(p)
			body = append(body, p[:n]...)
			return err
		})
	}
	if err == io.EOF {
		err = nil
	}
	return m, body, err
}

// readStream is drain as a reading, to be compared with others.
func readStream(s *MessageStream, wait func()) reading {
	m, body, err := drain(s, wait)
	if err != nil {
		return reading{nil, err}
	}
	return reading{[]found{{*m, string(body)}}, nil}
}
