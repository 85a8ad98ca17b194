package sdbox

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

var quiet = slog.New(slog.DiscardHandler)

// patient is a context that ends only when something hangs.
func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// onEngines runs a test on both engines.
func onEngines(t *testing.T, sync fsapi.SyncMode, run func(t *testing.T, fsys *fsapi.FS)) {
	for _, kind := range []fsapi.BackendKind{fsapi.URing, fsapi.ThreadPool} {
		t.Run(string(kind), func(t *testing.T) { run(t, newFS(t, kind, sync)) })
	}
}

func newFS(t testing.TB, kind fsapi.BackendKind, sync fsapi.SyncMode) *fsapi.FS {
	fsys, err := fsapi.New(fsapi.Options{Backend: kind, Sync: sync, Logger: quiet})
	if err != nil {
		t.Skipf("SKIPPED: engine %s: %v", kind, err)
	}
	t.Cleanup(func() { require.NoError(t, fsys.Close()) })
	return fsys
}

// fixture is a store of a test, checked when the test ends.
type fixture struct {
	t testing.TB
	*Store
	ctx context.Context
}

func newStore(t testing.TB, fsys *fsapi.FS, change func(*Options)) *fixture {
	dir := t.TempDir()
	o := Options{FS: fsys, Root: filepath.Join(dir, "sdbox"), Alt: filepath.Join(dir, "alt"), Logger: quiet, PollInterval: 20 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	return openStore(t, o)
}

func openStore(t testing.TB, o Options) *fixture {
	s, err := Open(context.Background(), o)
	require.NoError(t, err)
	x := &fixture{t: t, Store: s, ctx: patient(t)}
	t.Cleanup(func() {
		if !t.Failed() {
			x.verify()
		}
		_ = s.Close()
	})
	return x
}

// verify finds nothing but what does no harm.
func (x *fixture) verify() {
	x.t.Helper()
	require.NoError(x.t, x.Verify(context.Background(), func(p mailstore.Problem) {
		if !p.Harmless {
			x.t.Errorf("verify: %v", p)
		}
	}))
}

func (x *fixture) open(name string) mailstore.Mailbox {
	x.t.Helper()
	m, err := x.Store.Open(x.ctx, name)
	require.NoError(x.t, err)
	x.t.Cleanup(func() { _ = m.Close() })
	return m
}

// create makes and opens a mailbox.
func (x *fixture) create(name string) mailstore.Mailbox {
	x.t.Helper()
	require.NoError(x.t, x.Create(x.ctx, name))
	return x.open(name)
}

func save(t testing.TB, m mailstore.Mailbox, o mailstore.SaveOptions, bodies ...string) []uint32 {
	t.Helper()
	return storetest.Save(patient(t), t, m, o, bodies...)
}

func contents(t testing.TB, m mailstore.Mailbox) []string {
	t.Helper()
	return storetest.Contents(patient(t), t, m)
}
