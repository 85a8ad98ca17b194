package workload

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// task makes a task of ten mails.
func task(t *testing.T, name, engineName, options string) *Task {
	t.Helper()
	specs, err := job.Parse("x.fio", strings.NewReader("[m]\nworkload="+name+"\nioengine="+engineName+"\n"+options))
	require.NoError(t, err)
	tk := &Task{Spec: specs[0], Engine: engineName, Mails: mail.Generate(1, 10), Dir: t.TempDir(), Shared: t.TempDir(), Recorder: measure.NewRecorder(0, 0, 0)}
	if engine.AppendOnly(engineName) {
		fs, err := fsapi.New(fsapi.Options{Backend: fsapi.BackendKind(engineName)})
		if err != nil {
			t.Skipf("SKIPPED: %v", err)
		}
		t.Cleanup(func() { fs.Close() })
		tk.FS = fs
	}
	return tk
}

// damage changes one byte in the middle of a file.
func damage(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

// A byte that is not as it was delivered ends a workload that reads it.
func TestFetchFindsDamage(t *testing.T) {
	for _, c := range []struct{ name, engine, options string }{
		{"mail-fetch", "uring", ""}, {"mail-fetch", "uring", "iodepth=2"}, {"mail-fetch", "threadpool", ""},
		{"mail-fetch", "uring-raw", "iodepth=2"}, {"mail-fetch", "sync", ""}, {"mail-fetch", "readfile", ""},
		{"mail-fetch", "syscalls", ""}, {"mail-fetch", "syscalls", "iodepth=2"}, {"mdbox-fetch", "pread", "iodepth=2"},
		{"mdbox-fetch", "uring", "iodepth=2"}, {"mdbox-fetch", "threadpool", ""}, {"mdbox-fetch", "uring-raw", ""},
		{"mdbox-fetch", "sync", "iodepth=2"},
	} {
		t.Run(c.name+" "+c.engine+" "+c.options, func(t *testing.T) {
			w, err := New(task(t, c.name, c.engine, c.options))
			require.NoError(t, err)
			require.NoError(t, w.Prepare(t.Context()))
			err = w.Run(t.Context())
			if c.engine == "uring-raw" && err != nil {
				t.Skipf("SKIPPED: %v", err)
			}
			require.NoError(t, err)
			require.NoError(t, w.Check(t.Context()))
			damage(t, w.Files()[0])
			require.Error(t, w.Check(t.Context()))
			require.NoError(t, os.Remove(w.Files()[0]))
			require.ErrorIs(t, w.Run(t.Context()), os.ErrNotExist)
			require.NoError(t, w.Close())
		})
	}
}

// While it is timed, a fetch still looks at something of each mail.
func TestSamples(t *testing.T) {
	w, err := New(task(t, "mail-fetch", "sync", ""))
	require.NoError(t, err)
	require.NoError(t, w.Prepare(t.Context()))
	path := w.Files()[2]
	right, err := os.ReadFile(path)
	require.NoError(t, err)
	last := len(right) - 1
	for at, found := range map[int]bool{0: true, 20: false, len(right) / 2: true, last - 20: false, last: true} {
		wrong := slices.Clone(right)
		wrong[at] ^= 1
		require.NoError(t, os.WriteFile(path, wrong, 0o600))
		err := w.Run(t.Context())
		require.Equal(t, found, err != nil, "%d: %v", at, err)
		require.ErrorContains(t, w.Check(t.Context()), path)
	}
	require.NoError(t, os.WriteFile(path, right[:last], 0o600))
	require.ErrorContains(t, w.Run(t.Context()), "the mail has")
}

func TestScanFindsDamage(t *testing.T) {
	for _, e := range []string{"uring", "threadpool", "sync"} {
		tk := task(t, "mailbox-scan", e, "iodepth=2")
		w, err := New(tk)
		require.NoError(t, err)
		require.NoError(t, w.Prepare(t.Context()))
		require.NoError(t, w.Run(t.Context()))
		require.NoError(t, os.Truncate(tk.path(3), 50))
		require.ErrorContains(t, w.Run(t.Context()), tk.path(3))
		require.NoError(t, os.Remove(tk.path(3)))
		require.ErrorContains(t, w.Run(t.Context()), "9 files of 10")
	}
}

// Check finds a delivery that is not what it should be.
func TestDeliveryIsChecked(t *testing.T) {
	for _, name := range []string{"mail-deliver", "mdbox-append"} {
		for _, e := range []string{"uring", "threadpool", "sync", "serial"} {
			for _, options := range []string{"commit=single", "commit=group\niodepth=4"} {
				tk := task(t, name, e, options)
				w, err := New(tk)
				require.NoError(t, err)
				require.NoError(t, w.Prepare(t.Context()))
				require.NoError(t, w.Run(t.Context()))
				require.EqualValues(t, 10, tk.Recorder.Total())
				require.NoError(t, w.Check(t.Context()))
				require.NoError(t, w.Close())
				path := tk.path(0)
				if m, ok := w.(*mdboxAppend); ok {
					path = m.store()
				}
				entries, err := os.ReadDir(tk.Dir)
				require.NoError(t, err)
				want := 10
				if name == "mdbox-append" {
					want = 1
				}
				require.Len(t, entries, want, "no temporary file is left")
				damage(t, path)
				require.Error(t, w.Check(t.Context()), "%s %s %s", name, e, options)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct{ name, engine string }{
		{"mail-fetch", "sync"}, {"mail-fetch", "threadpool"}, {"mail-deliver", "sync"}, {"mail-deliver", "threadpool"},
		{"mdbox-append", "sync"}, {"mailbox-scan", "sync"},
	} {
		w, err := New(task(t, c.name, c.engine, ""))
		require.NoError(t, err)
		require.NoError(t, w.Prepare(t.Context()))
		require.ErrorIs(t, w.Run(ctx), context.Canceled, c)
	}
}

// fakeStore is a store that loses the last mail of every delivery.
type fakeStore struct {
	count int
	text  string // of Fetch
}

func (f *fakeStore) Deliver(_ context.Context, mails []mail.Message, _ int, done func(int, time.Time)) error {
	f.count = len(mails) - 1
	for i := range f.count {
		done(i, time.Now())
	}
	return nil
}
func (f *fakeStore) Own(string) error                     { return nil }
func (f *fakeStore) Serve(context.Context) error          { return nil }
func (f *fakeStore) Label() string                        { return "text:\n" }
func (f *fakeStore) Import(context.Context, string) error { f.count = 10; return nil }
func (f *fakeStore) Fetch(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, f.text)
	return err
}
func (f *fakeStore) Count(context.Context) (int, error) { return f.count, nil }
func (f *fakeStore) Usage() measure.Usage               { return measure.Usage{} }
func (f *fakeStore) Close() error                       { return nil }

// Another store is one entry of Stores; what it loses is noticed.
func TestStores(t *testing.T) {
	text := ""
	for _, m := range mail.Generate(1, 10) {
		text += "text:\n" + string(m.Data)
	}
	Stores["fake"] = Maker{Open: func(context.Context, string, string, string) (Store, error) { return &fakeStore{text: text}, nil }}
	t.Cleanup(func() { delete(Stores, "fake") })
	for name, works := range map[string]bool{"mail-import": true, "mail-fetch": true, "mail-deliver": false} {
		tk := task(t, name, "sync", "")
		tk.Engine = "fake:sdbox"
		w, err := New(tk)
		require.NoError(t, err)
		require.NoError(t, w.Prepare(t.Context()))
		require.NoError(t, w.Run(t.Context()))
		if works {
			require.NoError(t, w.Check(t.Context()))
			require.EqualValues(t, 10, tk.Recorder.Total())
		} else {
			require.ErrorContains(t, w.Check(t.Context()), "9 messages of 10")
		}
		require.NoError(t, w.Close())
	}
	whole := text
	for damaged, says := range map[string]string{
		whole[:len(whole)-1]:        "in message 10 of 10",
		"":                          "after 0 messages of 10",
		whole + "x":                 "goes on",
		whole[:50] + whole[51:]:     "is not that of",
		"text" + whole:              "is not that of generated 0",
		whole[len("text:\n"):]:      "is not that of generated 0",
		strings.ToUpper(whole[:99]): "at byte 0 ",
	} {
		text = damaged
		tk := task(t, "mail-fetch", "sync", "")
		tk.Engine = "fake:sdbox"
		w, err := New(tk)
		require.NoError(t, err)
		require.NoError(t, w.Prepare(t.Context()))
		require.ErrorContains(t, w.Run(t.Context()), says)
	}
	tk := task(t, "mdbox-fetch", "sync", "")
	tk.Engine = "fake:sdbox"
	_, err := New(tk)
	require.ErrorIs(t, err, ErrCannot)
}
