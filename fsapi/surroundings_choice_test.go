package fsapi

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/threadpool"
	"github.com/ringbox/ringbox/uring"
)

// newLogged returns a file system and what it has logged.
func newLogged(t *testing.T, o Options) (*FS, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	fs, err := New(o)
	require.NoError(t, err)
	return fs, log
}

// best is what Auto must take here.
func best() BackendKind {
	e, err := uring.New(uring.Options{})
	if err != nil {
		return ThreadPool
	}
	e.Close()
	return URing
}

// TestChoice: Options go before the environment, which goes before Auto.
func TestChoice(t *testing.T) {
	best := best()
	for _, c := range []struct {
		option, env string
		want        BackendKind
		by          string
	}{
		{"", "", best, "Options.Backend is auto"},
		{"auto", "", best, "Options.Backend is auto"},
		{"", "auto", best, EnvBackend},
		{"auto", "threadpool", ThreadPool, EnvBackend},
		{"", "uring", URing, EnvBackend},
		{"threadpool", "uring", ThreadPool, "Options.Backend"},
		{"uring", "threadpool", URing, "Options.Backend"},
		{"threadpool", "nonsense", ThreadPool, "Options.Backend"},
	} {
		t.Run(c.option+" with "+c.env, func(t *testing.T) {
			if c.want == URing && best != URing {
				t.Skip("SKIPPED, NOTHING IS TESTED: no io_uring here")
			}
			t.Setenv(EnvBackend, c.env)
			fs, log := newLogged(t, Options{Backend: BackendKind(c.option)})
			defer closeFS(t, fs)
			require.Equal(t, c.want, fs.Backend().Kind)
			require.Contains(t, fs.Backend().Reason, c.by)
			chose := !strings.Contains(c.by+c.option+c.env, "ring") && !strings.Contains(c.option+c.env, "pool")
			require.Equal(t, chose, log.Len() > 0, "a line where Auto has chosen, and only there: %s", log)
		})
	}
}

// TestWrongChoice: the error names what is wrong and what would be right.
func TestWrongChoice(t *testing.T) {
	for _, env := range []string{"nonsense", "URING", " uring", "thread-pool"} {
		t.Setenv(EnvBackend, env)
		before := openDescriptors(t)
		fs, err := New(Options{})
		require.Nil(t, fs)
		for _, part := range []string{EnvBackend, `"` + env + `"`, "auto", "uring", "threadpool"} {
			require.ErrorContains(t, err, part)
		}
		require.Equal(t, before, openDescriptors(t))
	}
}

func TestWrongOptions(t *testing.T) {
	t.Setenv(EnvBackend, "")
	for _, c := range []struct {
		name string
		o    Options
		says []string
	}{
		{"backend", Options{Backend: "disk"}, []string{"Options.Backend", `"disk"`, "auto", "uring", "threadpool"}},
		{"threads", Options{Threads: -1}, []string{"Options.Threads", "-1"}},
		{"too many threads", Options{Threads: threadpool.MaxWorkers + 1}, []string{"Options.Threads", "1025", "1024"}},
		{"depth", Options{Depth: -2}, []string{"Options.Depth", "-2"}},
		{"too deep", Options{Depth: threadpool.MaxDepth + 1}, []string{"Options.Depth", "65537", "65536"}},
		{"negative limit", Options{BufferLimit: -1}, []string{"Options.BufferLimit", "-1"}},
		{"small limit", Options{BufferLimit: MinBufferLimit - 1}, []string{"Options.BufferLimit", "4194303", "4194304"}},
		{"sync", Options{Sync: 7}, []string{"Options.Sync", "7", "SyncAlways", "SyncNever"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, kind := range []BackendKind{"", URing, ThreadPool} {
				o := c.o
				if o.Backend == "" {
					o.Backend = kind
				}
				fs, err := New(o)
				require.Nil(t, fs)
				for _, part := range c.says {
					require.ErrorContains(t, err, part)
				}
			}
		})
	}
}

// TestSmallestOptions: the bounds themselves work.
func TestSmallestOptions(t *testing.T) {
	for _, kind := range []BackendKind{best(), ThreadPool} {
		fs, _ := newLogged(t, Options{Backend: kind, Threads: 1, Depth: 1, BufferLimit: MinBufferLimit})
		dir := t.TempDir()
		require.NoError(t, commit1(t, fs.Create(dir+"/a", FailIfExists, Perm{}), large, ""))
		require.True(t, content(t, dir+"/a") == large)
		closeFS(t, fs)
	}
}
