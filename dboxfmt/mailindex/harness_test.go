package mailindex

import (
	"context"
	"io"
	"log/slog"
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// openFS returns a file system on an engine, nil: the one that Auto takes.
func openFS(t testing.TB, engine backend.Backend) *fsapi.FS {
	t.Helper()
	fs, err := fsapi.New(fsapi.Options{Engine: engine, Logger: quiet()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fs.Close()) })
	return fs
}

// patient is a context that ends only when something hangs.
func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// openIndex opens an index that must be readable.
func openIndex(t testing.TB, fs *fsapi.FS, dir, name string, opts Options) *Index {
	t.Helper()
	opts.Logger = quiet()
	x, err := Open(patient(t), fs, dir, name, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func viewOf(t testing.TB, x *Index) *View {
	t.Helper()
	v, err := x.View(patient(t))
	require.NoError(t, err)
	return v
}

// messages returns all messages of a view.
func messages(t testing.TB, v *View) (list []Message) {
	t.Helper()
	for m, err := range v.All(patient(t), 1, v.Count()) {
		require.NoError(t, err)
		list = append(list, m)
	}
	return list
}

// seeded returns a random source and prints its seed.
func seeded(t testing.TB) *rand.Rand {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}
