package sdbox

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
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
	tx := m.Begin()
	for _, body := range bodies {
		require.NoError(t, tx.Save(patient(t), strings.NewReader(body), o))
	}
	uids, err := tx.Commit(patient(t))
	require.NoError(t, err)
	require.Len(t, uids, len(bodies))
	return uids
}

// contents returns a line for each message of a mailbox.
func contents(t testing.TB, m mailstore.Mailbox) (lines []string) {
	t.Helper()
	ctx := patient(t)
	for mail, err := range m.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(t, err)
		body, err := mail.Body(ctx)
		require.NoError(t, err)
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, int64(len(text)), mail.Size)
		line := fmt.Sprintf("%d %q", mail.UID, text)
		if mail.Flags != 0 {
			line += " " + mail.Flags.String()
		}
		if len(mail.Keywords) > 0 {
			line += fmt.Sprint(" ", mail.Keywords)
		}
		if mail.Alt {
			line += " alt"
		}
		lines = append(lines, line)
	}
	return lines
}
