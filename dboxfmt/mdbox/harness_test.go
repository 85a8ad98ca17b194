package mdbox

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

var ctx = context.Background()

var engines = map[string]func(testing.TB) backend.Backend{
	"sync": func(testing.TB) backend.Backend { return backend.NewSync(0) },
	"threadpool": func(t testing.TB) backend.Backend {
		p, err := threadpool.New(threadpool.Options{})
		require.NoError(t, err)
		return p
	},
	"uring": func(t testing.TB) backend.Backend {
		e, err := uring.New(uring.Options{})
		if err != nil {
			t.Skipf("SKIPPED: no io_uring here: %v", err)
		}
		return e
	},
}

// onEngines runs test with a file system of each engine.
func onEngines(t *testing.T, test func(t *testing.T, fsys *fsapi.FS)) {
	for _, name := range []string{"sync", "threadpool", "uring"} {
		t.Run(name, func(t *testing.T) { test(t, newFS(t, engines[name](t), fsapi.SyncAlways)) })
	}
}

func newFS(t testing.TB, b backend.Backend, mode fsapi.SyncMode) *fsapi.FS {
	fsys, err := fsapi.New(fsapi.Options{Engine: b, Sync: mode})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, fsys.Close())
		s := fsys.Stats()
		require.Zero(t, s.Buffered, "buffers leaked")
		require.Zero(t, s.Queued+s.InFlight+s.OpenFiles)
	})
	return fsys
}

// store is a store under test, checked when the test ends.
type store struct {
	*Store
	t testing.TB
}

func newStore(t testing.TB, o Options) *store {
	if o.FS == nil {
		o.FS = newFS(t, backend.NewSync(0), fsapi.SyncNever)
	}
	if o.Root == "" {
		o.Root = t.TempDir()
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = 20 * time.Second
	}
	s, err := Open(ctx, o)
	require.NoError(t, err)
	x := &store{s, t}
	t.Cleanup(func() {
		if !t.Failed() {
			require.Empty(t, x.problems())
		}
		require.NoError(t, x.Store.Close())
	})
	return x
}

func (x *store) problems() (list []string) {
	require.NoError(x.t, x.Verify(ctx, func(p mailstore.Problem) { list = append(list, p.String()) }))
	return list
}

func (x *store) box(name string) mailstore.Mailbox {
	b, err := x.Open(ctx, name)
	require.NoError(x.t, err)
	x.t.Cleanup(func() { require.NoError(x.t, b.Close()) })
	return b
}

func (x *store) create(name string) mailstore.Mailbox {
	require.NoError(x.t, x.Create(ctx, name))
	return x.box(name)
}

func save(t testing.TB, b mailstore.Mailbox, o mailstore.SaveOptions, bodies ...string) []uint32 {
	return storetest.Save(ctx, t, b, o, bodies...)
}

func contents(t testing.TB, b mailstore.Mailbox) []string { return storetest.Contents(ctx, t, b) }
