package backendtest

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

// rig is one engine under test with a directory to work in.
type rig struct {
	*testing.T
	b       backend.Backend
	dir     string
	factory Factory
}

// newRig makes an engine. When the test ends the engine is closed, and
// descriptors and goroutines must be as many as before.
func newRig(t *testing.T, factory Factory, depth int) *rig {
	watchdog := time.AfterFunc(hangLimit, func() { panic("backendtest: hangs: " + t.Name()) })
	t.Cleanup(func() { watchdog.Stop() })
	dir := t.TempDir()
	before := takeInventory()
	r := &rig{T: t, b: factory(t, depth), dir: dir, factory: factory}
	t.Cleanup(func() {
		require.NoError(t, r.b.Close())
		before.requireNothingMore(t)
	})
	r.mkdirAll(dir)
	return r
}

// with returns a rig for another engine of this depth in the same test.
func (r *rig) with(depth int) *rig { return newRig(r.T, r.factory, depth) }

// mkdirAll makes dir and what is above it known to engines whose files are not
// this system's.
func (r *rig) mkdirAll(dir string) {
	slashed := filepath.ToSlash(dir)
	for i := 1; i <= len(slashed); i++ {
		if i < len(slashed) && slashed[i] != '/' || strings.HasSuffix(slashed[:i], ":") {
			continue
		}
		op := &backend.Op{Kind: backend.OpMkdir, Path: dir[:i], Mode: 0o755}
		if r.run(op); !errors.Is(op.Err, fs.ErrExist) {
			require.NoError(r, op.Err)
		}
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// run submits ops, as often as the depth makes it necessary, and waits until
// all have come back, each once and as it was apart from the results.
func (r *rig) run(ops ...*backend.Op) {
	r.Helper()
	before := snapshots(ops)
	out := newOutstanding(r, ops)
	done := make([]*backend.Op, 7) // smaller than most batches
	for rest := ops; out.count() > 0; {
		started, finished, err := r.b.Submit(rest, done)
		require.NoError(r, err)
		rest = out.start(rest, started)
		out.finish(done[:finished])
		if finished == 0 && started == 0 {
			require.Positive(r, out.inFlight, "Submit takes nothing while nothing is in flight")
			n, err := r.b.Reap(done)
			require.NoError(r, err)
			require.Positive(r, n, "Reap returned nothing and no error")
			out.finish(done[:n])
		}
	}
	requireInputsUntouched(r, before, ops)
}

// do runs one operation that must succeed.
func (r *rig) do(op *backend.Op) *backend.Op {
	r.Helper()
	r.run(op)
	require.NoError(r, op.Err)
	return op
}

// open returns a handle that is closed when the test ends.
func (r *rig) open(path string, flags backend.OpenFlag) *backend.Handle {
	r.Helper()
	h := new(backend.Handle)
	r.do(&backend.Op{Kind: backend.OpOpen, Path: path, Open: flags, Mode: 0o644, Handle: h})
	require.True(r, h.IsOpen())
	r.Cleanup(func() { r.close(h) })
	return h
}

func (r *rig) close(h *backend.Handle) {
	if h.IsOpen() {
		r.do(&backend.Op{Kind: backend.OpClose, Handle: h})
		require.False(r, h.IsOpen())
	}
}

// create makes a file with this content and returns its path.
func (r *rig) create(name string, data []byte) string {
	r.Helper()
	h := new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: r.path(name), Open: backend.OpenCreate | backend.OpenTruncate, Mode: 0o644, Handle: h, Link: true},
		{Kind: backend.OpWrite, Path: r.path(name), Handle: h, Buf: data, Link: true},
		{Kind: backend.OpClose, Path: r.path(name), Handle: h},
	}
	r.run(ops...)
	for _, op := range ops {
		require.NoError(r, op.Err)
	}
	return r.path(name)
}

// content returns what the file at path holds; where files are this system's,
// os must see the same.
func (r *rig) content(path string) []byte {
	r.Helper()
	h := r.open(path, 0)
	info := r.do(&backend.Op{Kind: backend.OpStat, Handle: h, Path: path}).Info
	op := r.do(&backend.Op{Kind: backend.OpRead, Handle: h, Path: path, Buf: make([]byte, info.Size+1)})
	require.True(r, op.EOF, "a read beyond the end must say so")
	require.EqualValues(r, info.Size, op.N)
	if h.FD() >= 0 {
		data, err := os.ReadFile(path)
		require.NoError(r, err)
		requireSameBytes(r, op.Buf[:op.N], data)
	}
	r.close(h)
	return op.Buf[:op.N]
}

// names returns what is in the working directory.
func (r *rig) names() []string {
	r.Helper()
	var names []string
	for _, e := range r.do(&backend.Op{Kind: backend.OpReadDir, Path: r.dir}).Entries {
		names = append(names, e.Name())
	}
	return names
}

func requireSameBytes(t testing.TB, want, got []byte) {
	t.Helper()
	if string(want) == string(got) { // the usual failure output would be megabytes
		return
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	require.FailNow(t, "different bytes", "%d and %d bytes, the first difference at %d", len(want), len(got), i)
}

// pattern returns n bytes that no other seed has.
func pattern(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}
