package dboxfmt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	inject "github.com/ringbox/ringbox/fsapi/backend/fault"
)

// patience repeats calls of a writer that does not wait.
type patience struct{ wait func() }

func writing(t testing.TB, d *disk, w *FileWriter, how string) patience {
	return patience{waits[how](t, d, w.File(), w.SetCallback)}
}

// message writes one message and returns what Finish says.
func (o patience) message(w *FileWriter, body string, meta Metadata) (msg *Message, err error) {
	var m *MessageWriter
	size := int64(len(body))
	if err = patient(o.wait, func() (err error) { m, err = w.Create(size); return err }); err != nil {
		return nil, err
	}
	for rest := body; len(rest) > 0 && err == nil; {
		err = patient(o.wait, func() error {
			n, err := m.Write([]byte(rest))
			rest = rest[n:]
			return err
		})
	}
	if err == nil {
		err = patient(o.wait, func() (err error) { msg, err = m.Finish(meta); return err })
	}
	return msg, err
}

func newFileWriter(t testing.TB, d *disk, name string, version int, ctx context.Context) *FileWriter {
	f := d.FS.Create(filepath.Join(d.dir, name), fsapi.FailIfExists, fsapi.Perm{})
	w, err := NewFileWriter(f, NewFileHeader(version, time.Unix(created, 0)), FileWriterOptions{Context: ctx})
	require.NoError(t, err)
	return w
}

// TestFileWriter writes messages, some larger than the buffers, in every way to
// wait: the file is the one that a Writer writes, and there only after Commit.
func TestFileWriter(t *testing.T) {
	bodies := []string{"one\n", "", xs('l', 3<<20), "after\r\n"}
	onEngines(t, func(t *testing.T, d *disk) {
		for how := range waits {
			for _, version := range []int{2, 3} {
				name := fmt.Sprintf("%s %d", how, version)
				w := newFileWriter(t, d, name, version, nil)
				o := writing(t, d, w, how)
				var all []found
				for i, body := range bodies {
					m, err := o.message(w, body, Metadata{{'R', "5"}, {'G', fmt.Sprintf("%032x", i)}})
					require.NoError(t, err)
					all = append(all, found{*m, body})
					require.Equal(t, m.End(), w.Size())
				}
				require.NoError(t, patient(o.wait, w.Flush))
				require.Empty(t, d.content(filepath.Join(d.dir, name)), "flushed is not committed")
				require.NoError(t, patient(o.wait, w.Commit))
				data := d.content(filepath.Join(d.dir, name))
				require.Equal(t, reading{all, nil}, forward([]byte(data), false))

				m, err := o.message(w, "appended", nil) // the handle goes on
				require.NoError(t, err)
				require.NoError(t, patient(o.wait, w.Commit))
				require.NoError(t, patient(o.wait, w.Commit), "nothing left")
				require.NoError(t, w.Close())
				all = append(all, found{*m, "appended"})
				require.Equal(t, reading{all, nil}, forward([]byte(d.content(filepath.Join(d.dir, name))), false))
			}
		}
	})
}

// TestFileWriterWaits: with a context it is an ordinary writer.
func TestFileWriterWaits(t *testing.T) {
	body := xs('w', 5<<20)
	onEngines(t, func(t *testing.T, d *disk) {
		w := newFileWriter(t, d, "temporary", 3, soon(t))
		m, err := w.Create(UnknownSize)
		require.NoError(t, err)
		_, err = io.Copy(m, strings.NewReader(body))
		require.NoError(t, err)
		require.ErrorIs(t, w.Commit(), ErrState, "the message is not finished")
		_, err = m.Finish(nil)
		require.NoError(t, err)
		require.NoError(t, w.CommitAs("u.1"))
		require.NoError(t, w.Close())
		require.Equal(t, []string{"u.1"}, d.names())
		r := fromEnd([]byte(d.content(filepath.Join(d.dir, "u.1"))))
		require.NoError(t, r.err)
		require.Equal(t, body, r.messages[0].body)
	})
}

// TestFileWriterCancelled: the end of the context ends a wait.
func TestFileWriterCancelled(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		held := d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpWrite, backend.OpWritev), Times: inject.Always}.Hold())
		ctx, cancel := context.WithCancel(soon(t))
		w := newFileWriter(t, d, "never", 3, ctx)
		m, err := w.Create(UnknownSize)
		require.NoError(t, err)
		copied := make(chan error, 1)
		go func() {
			_, err := io.Copy(m, strings.NewReader(xs('n', 8<<20)))
			copied <- err
		}()
		<-held.Reached()
		cancel()
		require.ErrorIs(t, <-copied, context.Canceled)
		held.Release()
		require.NoError(t, w.Close())
		require.Empty(t, d.names())
	}, queued...)
}

// TestFileWriterStates: what must not be committed is not.
func TestFileWriterStates(t *testing.T) {
	d := newDisk(t, engines["sync"](t))
	w := newFileWriter(t, d, "f", 2, soon(t))
	defer w.Close()
	require.ErrorIs(t, w.Commit(), ErrState, "a file without a message")
	m, err := w.Create(3)
	require.NoError(t, err)
	_, err = m.Write([]byte("four"))
	require.ErrorIs(t, err, ErrWrongSize)
	require.ErrorIs(t, w.Commit(), ErrWrongSize)
	require.NoError(t, w.Rollback())
	_, err = patience{}.message(w, "one", nil)
	require.NoError(t, err)
	require.NoError(t, w.Commit())
	one := d.content(w.File().Path())

	_, err = patience{}.message(w, "two", nil)
	require.NoError(t, err)
	require.NoError(t, w.Rollback())
	require.EqualValues(t, len(one), w.Size())
	require.NoError(t, w.Commit(), "nothing is left of it")
	require.Equal(t, one, d.content(w.File().Path()))
	_, err = patience{}.message(w, "three", nil)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.NoError(t, d.CommitAll(soon(t), w.File()))
	w.Committed()
	require.NoError(t, w.Rollback())
	all := forward([]byte(d.content(w.File().Path())), false)
	require.NoError(t, all.err)
	require.Len(t, all.messages, 2)
	require.Equal(t, all.messages[1].End(), w.Size())

	_, err = NewFileWriter(nil, FileHeader{}, FileWriterOptions{})
	require.Error(t, err)
	_, err = newFileWriter(t, d, "g", 2, nil).CreateSpooled(SpoolOptions{})
	require.ErrorIs(t, err, ErrState)
}

func openAppender(t testing.TB, d *disk, path string, version int, after int64) *FileWriter {
	w := OpenAppender(d.FS, path, AppendOptions{Version: version, After: after})
	t.Cleanup(func() { w.Close() })
	return w
}

// TestAppender appends to files of its own version, after what the index knows
// and what it does not.
func TestOpenAppender(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		for how := range waits {
			for _, version := range []int{2, 3} {
				data := fileOf(t, version, "one", xs('2', 50_000), "three")
				before := forward(data, false).messages
				for known := range 4 {
					path := d.put("m.1", data)
					after := int64(0)
					if known > 0 {
						after = before[known-1].End()
					}
					w := openAppender(t, d, path, version, after)
					o := writing(t, d, w, how)
					o.wait = func() { require.NoError(t, w.Wait(soon(t))) }
					if how == "callback" {
						o.wait = waits[how](t, d, nil, w.SetCallback)
					}
					m, err := o.message(w, "four", Metadata{{'R', "5"}})
					require.NoError(t, err)
					var orphans []Message
					for _, m := range w.Orphans() {
						orphans = append(orphans, *m)
					}
					for i, m := range before[known:] {
						require.Equal(t, m.Message, orphans[i])
					}
					require.Len(t, orphans, len(before)-known)
					require.NoError(t, patient(o.wait, w.Commit))
					want := append(before[:3:3], found{*m, "four"})
					require.Equal(t, reading{want, nil}, forward([]byte(d.content(path)), false))
					require.NoError(t, w.Close())
				}
			}
		}
	})
}

// TestAppenderRollback: an appender that has committed goes back to that.
func TestAppenderRollback(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		path := d.put("m.1", fileOf(t, 3, "one"))
		w := OpenAppender(d.FS, path, AppendOptions{FileWriterOptions: FileWriterOptions{Context: soon(t)}})
		defer w.Close()
		require.NoError(t, w.Rollback(), "before anything is known")
		for _, body := range []string{"two", "three"} {
			_, err := patience{}.message(w, "forgotten", nil)
			require.NoError(t, err)
			require.NoError(t, w.Rollback())
			require.Zero(t, w.Size())
			m, err := patience{}.message(w, body, nil)
			require.NoError(t, err)
			require.NoError(t, w.Commit())
			require.EqualValues(t, len(d.content(path)), m.End())
		}
		all := forward([]byte(d.content(path)), false)
		require.NoError(t, all.err)
		require.Len(t, all.messages, 3)
	})
}

// TestAppenderRefuses what is not its own, and changes nothing.
func TestAppenderRefuses(t *testing.T) {
	good := fileOf(t, 2, "one", "two")
	all := forward(good, false).messages
	flipped := []byte(strings.Replace(string(fileOf(t, 3, "one", "body")), "body", "bydo", 1))
	cases := map[string]struct {
		data    []byte
		version int
		after   int64
		kind    error
	}{
		"another version":      {good, 3, 0, ErrNotAppendable},
		"version 1":            {testFile(t, "v1.m.1"), 2, 0, ErrNotAppendable},
		"version 1, by itself": {testFile(t, "v1.m.1"), 1, 0, ErrVersion},
		"longer headers":       {[]byte("2 M1f C5\n"), 2, 0, ErrNotAppendable},
		"not a file":           {[]byte("From x\n"), 2, 0, ErrVersion},
		"empty":                {nil, 2, 0, ErrTruncated},
		"cut":                  {good[:len(good)-1], 2, 0, ErrTruncated},
		"cut before the known": {good[:len(good)-1], 2, all[1].End(), ErrTruncated},
		"torn tail":            {good[:len(good)-1], 2, all[0].End(), ErrTruncated},
		"garbage":              {append(good[:len(good):len(good)], xs('x', 100)...), 2, all[1].End(), ErrMessageHeader},
		"NUL":                  {append(good[:len(good):len(good)], 0), 2, all[1].End(), ErrCorrupt},
		"within the header":    {good, 2, 5, ErrSize},
		"between nothing":      {good, 2, all[0].End() + 1, ErrCorrupt},
		"checksum":             {flipped, 3, 0, ErrChecksum},
	}
	onEngines(t, func(t *testing.T, d *disk) {
		for name, c := range cases {
			path := d.put("m.1", c.data)
			w := openAppender(t, d, path, c.version, c.after)
			wait := func() { require.NoError(t, w.Wait(soon(t))) }
			for range 2 {
				err := patient(wait, w.Ready)
				if errors.Is(c.kind, ErrCorrupt) && c.data != nil && name != "version 1, by itself" {
					var f *FormatError
					require.ErrorAs(t, err, &f, name)
					require.Equal(t, path, f.File)
				}
				require.ErrorIs(t, err, c.kind, name)
				_, err = w.Create(1)
				require.ErrorIs(t, err, c.kind, name)
				require.NoError(t, w.Commit())
				require.Empty(t, w.Orphans())
			}
			require.NoError(t, w.Close())
			require.Equal(t, string(c.data), d.content(path))
		}
		w := openAppender(t, d, d.dir+"/none", 2, 0)
		require.ErrorIs(t, patient(func() { require.NoError(t, w.Wait(soon(t))) }, w.Ready), os.ErrNotExist)
	}, "sync", "threadpool-queued", "uring")
}

// TestAppenderLocks: one writer at a time, and never to a file that has lost its
// name.
func TestAppenderLocks(t *testing.T) {
	data := fileOf(t, 3, "one")
	onEngines(t, func(t *testing.T, d *disk) {
		path := d.put("m.1", data)
		first, second := openAppender(t, d, path, 3, 0), openAppender(t, d, path, 3, 0)
		waiting := func(w *FileWriter) func() { return func() { require.NoError(t, w.Wait(soon(t))) } }
		require.NoError(t, patient(waiting(first), first.Ready))
		require.ErrorIs(t, patient(waiting(second), second.Ready), fsapi.ErrLocked)
		require.NoError(t, os.Rename(path, path+".old"))
		d.put("m.1", data)
		require.NoError(t, first.Close())
		require.Eventually(t, func() bool {
			err := patient(waiting(second), second.Ready)
			return !errors.Is(err, fsapi.ErrLocked) && errors.Is(err, ErrNotAppendable)
		}, 20*time.Second, time.Millisecond)
		require.NoError(t, second.Close())
	})
}

// TestAppenderFailures injects an error at every operation: what was there
// stays, and after Rollback another try succeeds.
func TestAppenderFailures(t *testing.T) {
	data := fileOf(t, 3, "one", "two")
	kinds := inject.Kinds(backend.OpRead, backend.OpStat, backend.OpWrite, backend.OpWritev)
	for _, rule := range []inject.Rule{
		inject.Rule{Kinds: kinds}.Fail(syscall.EIO),
		inject.Rule{Kinds: kinds}.FailPartial(5, syscall.ENOSPC),
	} {
		require.NoError(t, inject.Sweep(40, func() backend.Backend { return backend.NewSync(0) }, rule, func(b *inject.Backend, hit *inject.Fault) error {
			d := newDisk(t, b)
			defer d.Close()
			path := d.put("m.1", data)
			w := OpenAppender(d.FS, path, AppendOptions{FileWriterOptions: FileWriterOptions{Context: soon(t)}})
			defer w.Close()
			_, err := patience{}.message(w, "three", nil)
			if err == nil {
				err = w.Commit()
			}
			switch {
			case err == nil && hit.Hits() > 0:
				// of what was read ahead, and was not needed
			case err == nil:
			case !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC):
				return err
			case d.content(path) != string(data):
				return fmt.Errorf("after %v: the file has changed", err)
			default:
				if err := w.Rollback(); err != nil {
					return err
				}
				if _, err = (patience{}).message(w, "three", nil); err == nil {
					err = w.Commit()
				}
				if err != nil {
					return fmt.Errorf("the second try: %w", err)
				}
			}
			all := forward([]byte(d.content(path)), false)
			if all.err != nil || len(all.messages) != 3 {
				return fmt.Errorf("%d messages, %w", len(all.messages), all.err)
			}
			return nil
		}))
	}
}

// TestFileSpool: a body too large for memory goes through a temporary file that
// leaves nothing behind.
func TestFileSpool(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		w := newFileWriter(t, d, "u.1", 2, soon(t))
		spooled := func(size int) error {
			s, err := w.CreateSpooled(SpoolOptions{Memory: 1000, New: NewFileSpool(soon(t), d.FS, d.dir)})
			require.NoError(t, err)
			defer s.Close()
			if _, err = io.Copy(s, strings.NewReader(xs('s', size))); err != nil {
				return err
			}
			_, err = s.Finish(nil)
			return err
		}
		sizes := []int{0, 1000, 1001, 3 << 20}
		for _, size := range sizes {
			require.NoError(t, spooled(size))
			require.Empty(t, d.names())
		}
		require.NoError(t, w.Commit())
		all := forward([]byte(d.content(d.dir+"/u.1")), false)
		require.NoError(t, all.err)
		for i, f := range all.messages {
			require.Len(t, f.body, sizes[i])
		}
		require.NoError(t, w.Close())
	})
}

// TestFileSpoolFailures: every error comes out, and no file is left.
func TestFileSpoolFailures(t *testing.T) {
	kinds := inject.Kinds(backend.OpOpen, backend.OpWrite, backend.OpWritev, backend.OpRead, backend.OpRename)
	rule := inject.Rule{Kinds: kinds}.Fail(syscall.EIO)
	require.NoError(t, inject.Sweep(40, func() backend.Backend { return backend.NewSync(0) }, rule, func(b *inject.Backend, hit *inject.Fault) error {
		d := newDisk(t, b)
		defer d.Close()
		w, err := NewWriter(io.Discard, NewFileHeader(2, time.Unix(created, 0)), WriterOptions{})
		require.NoError(t, err)
		s := w.CreateSpooled(SpoolOptions{New: NewFileSpool(soon(t), d.FS, d.dir)})
		_, err = io.Copy(s, strings.NewReader(xs('s', 800_000)))
		if err == nil {
			_, err = s.Finish(nil)
		}
		_ = s.Close()
		switch {
		case hit.Hits() == 0:
			return err
		case !errors.Is(err, syscall.EIO):
			return fmt.Errorf("the error that came out: %w", err)
		case len(d.names()) > 0:
			return fmt.Errorf("left behind: %v", d.names())
		}
		return nil
	}))
	// Where an open file cannot lose its name, Close takes it away, also when
	// the context has ended.
	b := inject.Wrap(backend.NewSync(0))
	d := newDisk(t, b)
	b.Add(inject.Rule{Kinds: inject.Kinds(backend.OpUnlink), Times: 2}.Fail(syscall.EBUSY))
	ctx, cancel := context.WithCancel(soon(t))
	s, err := NewFileSpool(ctx, d.FS, d.dir)()
	require.NoError(t, err)
	_, err = s.Write([]byte("x"))
	require.NoError(t, err)
	_, err = s.Reader()
	require.NoError(t, err)
	require.Len(t, d.temporary(), 1)
	cancel()
	require.NoError(t, s.Close())
	require.Empty(t, d.temporary())
}

// TestAppenderHeldBack at every step of looking at the file: no call waits, and
// the callback fires, whether it was set before the step or after. Closed in the
// middle it leaves nothing.
func TestAppenderHeldBack(t *testing.T) {
	data := fileOf(t, 3, "one")
	onEngines(t, func(t *testing.T, d *disk) {
		path := d.put("m.1", data)
		for _, kind := range []backend.Kind{backend.OpOpen, backend.OpStat, backend.OpRead} {
			for skip := range 2 {
				for _, early := range []bool{true, false} {
					for _, closed := range []bool{true, false} {
						held := d.rules.Add(inject.Rule{Kinds: inject.Kinds(kind), Skip: skip, Times: inject.Always}.Hold())
						w := OpenAppender(d.FS, path, AppendOptions{})
						var wait func()
						if early {
							wait = waits["callback"](t, d, nil, w.SetCallback)
						}
						var err error
						require.Eventually(t, func() bool {
							err = w.Ready()
							return err == nil || held.Hits() > 0
						}, 20*time.Second, time.Millisecond)
						require.True(t, err == nil || err == fsapi.ErrAgain, err)
						if !early {
							wait = waits["callback"](t, d, nil, w.SetCallback)
						}
						if !closed {
							require.Equal(t, err, w.Ready())
							held.Release()
							require.NoError(t, patient(wait, w.Ready), "%v %d", kind, skip)
						}
						require.NoError(t, w.Close())
						held.Remove()
						require.Eventually(t, func() bool { return d.Stats().OpenFiles == 0 }, 20*time.Second, time.Millisecond, "the lock is free again")
					}
				}
			}
		}
	}, queued...)
}
