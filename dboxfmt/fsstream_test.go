package dboxfmt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	inject "github.com/ringbox/ringbox/fsapi/backend/fault"
)

// larger are files with bodies and metadata that take several reads.
func larger(t *testing.T) map[string][]byte {
	files := samples(t)
	files["v2 large"] = fileOf(t, 2, xs('a', 100_000)+"\x01\x03", "", xs('b', smallMessage))
	files["v3 large"] = fileOf(t, 3, xs('a', 100_000)+"\x01\x03", "", xs('b', smallMessage))
	files["v2 large single"] = fileOf(t, 2, xs('\n', 70_000))
	files["v3 large single"] = fileOf(t, 3, xs('\n', 70_000))
	for _, version := range []int{2, 3} {
		var out bytes.Buffer
		w := newTestWriter(t, &out, version)
		m, err := w.Create(100)
		require.NoError(t, err)
		_, err = io.WriteString(m, xs('x', 100))
		require.NoError(t, err)
		_, err = m.Finish(Metadata{{'Q', xs('q', 700_000)}})
		require.NoError(t, err)
		files[fmt.Sprintf("v%d much metadata", version)] = out.Bytes()
	}
	return files
}

// TestStreams reads every file in every way over every engine: the messages,
// bodies and errors are those of the readers over bytes.
func TestStreams(t *testing.T) {
	files := larger(t)
	onEngines(t, func(t *testing.T, d *disk) {
		for name, data := range files {
			path := d.put("f", data)
			for waiting, wait := range waits {
				read := func(make func(*fsapi.File, StreamOptions) *MessageStream) reading {
					f := d.Open(path, fsapi.ReadOnly)
					s := make(f, StreamOptions{Name: "x", Verify: true, Owns: true})
					defer s.Close()
					return readStream(s, wait(t, d, f, s.SetCallback))
				}
				about := name + ", " + waiting
				require.Equal(t, fromEnd(data), read(NewSingleStream), about)
				require.Equal(t, withNames(forward(data, true)), read(NewForwardStream), about)
				for _, want := range forward(data, false).messages {
					got := read(func(f *fsapi.File, o StreamOptions) *MessageStream { return NewRecordStream(f, want.extent(), o) })
					require.Equal(t, reading{[]found{want}, nil}, got, about)
				}
			}
		}
	})
}

// withNames gives the error of a reading the name that source gives.
func withNames(r reading) reading {
	var f *FormatError
	if errors.As(r.err, &f) {
		named := *f
		named.File = "x"
		r.err = &named
	}
	return r
}

// TestStreamsOfDamagedFiles: cut files and changed bytes give the errors of the
// readers over bytes, also when the bytes come one by one.
func TestStreamsOfDamagedFiles(t *testing.T) {
	rng := seeded(t)
	onEngines(t, func(t *testing.T, d *disk) {
		for name, data := range samples(t) {
			h, err := source(data).Header()
			require.NoError(t, err)
			index := extents(forward(data, false).messages)
			for range 40 {
				bad := bytes.Clone(data[:1+rng.Intn(len(data))])
				if rng.Intn(2) == 0 {
					bad = bytes.Clone(data)
					bad[rng.Intn(len(bad))] ^= byte(1 + rng.Intn(255))
				}
				f := d.Open(d.put("f", bad), fsapi.ReadOnly)
				wait := waits["goroutine"](t, d, f, nil)
				opts := StreamOptions{Name: "x", Verify: true}
				require.Equal(t, fromEnd(bad), readStream(NewSingleStream(f, opts), wait), "%s %q", name, bad)
				require.Equal(t, withNames(forward(bad, true)), readStream(NewForwardStream(f, opts), wait), "%s %q", name, bad)
				e := index[rng.Intn(len(index))]
				opts.Header = &h
				var want reading
				if m, err := source(bad).Record(h, e); err != nil {
					want.err = err
				} else {
					want = withBodies(bad, m)
				}
				require.Equal(t, want, readStream(NewRecordStream(f, e, opts), wait), "%s %q", name, bad)
				require.NoError(t, f.Close())
			}
		}
	}, "sync", "uring-queued", "threadpool-queued")
}

// TestStreamsByteByByte: every read of the engine brings one byte.
func TestStreamsByteByByte(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpRead), Times: inject.Always}.Short(1))
		for name, data := range samples(t) {
			f := d.Open(d.put("f", data), fsapi.ReadOnly)
			wait := waits["event loop"](t, d, f, nil)
			opts := StreamOptions{Name: "x", Verify: true}
			require.Equal(t, fromEnd(data), readStream(NewSingleStream(f, opts), wait), name)
			require.Equal(t, withNames(forward(data, true)), readStream(NewForwardStream(f, opts), wait), name)
			want := forward(data, false).messages[0]
			require.Equal(t, reading{[]found{want}, nil}, readStream(NewRecordStream(f, want.extent(), opts), wait), name)
			require.NoError(t, f.Close())
		}
	}, queued...)
}

// TestStreamHeldBack: while the engine holds reads back, every call says
// ErrAgain at once, and the callback fires when they are let go.
func TestStreamHeldBack(t *testing.T) {
	data := fileOf(t, 3, xs('a', 90_000))
	extent := forward(data, true).messages[0].extent()
	kinds := map[string]func(*fsapi.File) *MessageStream{
		"record":  func(f *fsapi.File) *MessageStream { return NewRecordStream(f, extent, StreamOptions{}) },
		"single":  func(f *fsapi.File) *MessageStream { return NewSingleStream(f, StreamOptions{}) },
		"forward": func(f *fsapi.File) *MessageStream { return NewForwardStream(f, StreamOptions{}) },
	}
	onEngines(t, func(t *testing.T, d *disk) {
		path := d.put("f", data)
		for name, kind := range kinds {
			for _, what := range []backend.Kind{backend.OpOpen, backend.OpRead} {
				held := d.rules.Add(inject.Rule{Kinds: inject.Kinds(what), Times: inject.Always}.Hold())
				f := d.Open(path, fsapi.ReadOnly)
				s := kind(f)
				for range 3 {
					_, err := s.Message()
					require.Equal(t, fsapi.ErrAgain, err, name)
					_, err = s.Header()
					require.Equal(t, fsapi.ErrAgain, err, name)
					n, err := s.Read(make([]byte, 10))
					require.Equal(t, fsapi.ErrAgain, err, name)
					require.Zero(t, n)
				}
				wait := waits["callback"](t, d, f, s.SetCallback)
				held.Release()
				_, body, err := drain(s, wait)
				require.NoError(t, err)
				require.Len(t, body, 90_000)
				held.Remove()
				require.NoError(t, s.Close())
				require.NoError(t, f.Close())
			}
		}
	}, queued...)
}

// TestStreamRounds: a small message takes one read, a large one asks for both
// ends at once; whoever waits once for the reads has the metadata.
func TestStreamRounds(t *testing.T) {
	small, large := fileOf(t, 3, "small\n"), fileOf(t, 3, xs('l', 200_000))
	for name, c := range map[string]struct {
		data  []byte
		make  func(*fsapi.File, []byte) *MessageStream
		reads int
		stat  bool // the second read is known when the size is
	}{
		"small single": {small, func(f *fsapi.File, _ []byte) *MessageStream { return NewSingleStream(f, StreamOptions{}) }, 1, false},
		"large single": {large, func(f *fsapi.File, _ []byte) *MessageStream { return NewSingleStream(f, StreamOptions{}) }, 2, true},
		"small record": {small, knownRecord, 1, false},
		"large record": {large, knownRecord, 2, false},
	} {
		d := newDisk(t, engines["threadpool-queued"](t))
		reads := d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpRead), Times: inject.Always}.Hold())
		f := d.Open(d.put("f", c.data), fsapi.ReadOnly)
		s := c.make(f, c.data)
		wait := waits["goroutine"](t, d, f, nil)
		if c.stat {
			require.Eventually(t, func() bool { _, _ = s.Message(); return reads.Matched() == c.reads }, 20*time.Second, time.Millisecond)
		}
		require.Eventually(t, func() bool { return reads.Matched() == c.reads }, 20*time.Second, time.Millisecond, "asked for by itself")
		reads.Release()
		require.NoError(t, patient(wait, func() error { _, err := s.Message(); return err }))
		require.Equal(t, c.reads, reads.Matched(), name)
		n, err := s.Read(make([]byte, 30_000))
		require.NoError(t, err, "the start of the body has come with it")
		require.Equal(t, min(30_000, len(fromEnd(c.data).messages[0].body)), n)
		require.NotEmpty(t, s.way.(*randomWay).kept.pieces)
		_, _, err = drain(s, wait)
		require.NoError(t, err)
		require.Empty(t, s.way.(*randomWay).kept.pieces, "nothing is held for a body that has been read")
		require.NoError(t, f.Close())
	}
}

func knownRecord(f *fsapi.File, data []byte) *MessageStream {
	h, all, _ := readForward(bytes.NewReader(data), DecoderOptions{})
	return NewRecordStream(f, all[0].extent(), StreamOptions{Header: &h})
}

// TestStreamErrors injects an error at operation 0, 1, 2, …: it comes out, and
// the next call goes on.
func TestStreamErrors(t *testing.T) {
	data := fileOf(t, 3, xs('a', 50_000))
	m := forward(data, true).messages[0]
	for name, kind := range map[string]func(*fsapi.File) *MessageStream{
		"record":  func(f *fsapi.File) *MessageStream { return NewRecordStream(f, m.extent(), StreamOptions{Verify: true}) },
		"single":  func(f *fsapi.File) *MessageStream { return NewSingleStream(f, StreamOptions{Verify: true}) },
		"forward": func(f *fsapi.File) *MessageStream { return NewForwardStream(f, StreamOptions{Verify: true}) },
	} {
		for _, engine := range []string{"sync", "threadpool", "uring"} {
			rule := inject.Rule{Kinds: inject.Kinds(backend.OpRead, backend.OpStat, backend.OpOpen)}.Fail(syscall.EIO)
			err := inject.Sweep(40, func() backend.Backend { return engines[engine](t) }, rule, func(b *inject.Backend, hit *inject.Fault) error {
				d := newDisk(t, b)
				f := d.Open(d.put("f", data), fsapi.ReadOnly)
				defer d.Close()
				s := kind(f)
				wait := waits["goroutine"](t, d, f, nil)
				got, body, err := drain(s, wait)
				if hit.Hits() == 0 {
					return sameBody(m, got, body, err)
				}
				if err == nil { // of what was read ahead, and was not needed
					return sameBody(m, got, body, err)
				}
				if !errors.Is(err, syscall.EIO) || errors.Is(err, ErrCorrupt) {
					return fmt.Errorf("the error that came out: %v", err)
				}
				var path *fs.PathError
				if errors.As(err, &path) && path.Op == "open" {
					if _, again := s.Message(); again != err {
						return fmt.Errorf("the handle is of no use, the second call says %v", again)
					}
					return nil
				}
				got, rest, err := drain(s, wait)
				return sameBody(m, got, append(body, rest...), err)
			})
			require.NoError(t, err, "%s, %s", name, engine)
		}
	}
}

func sameBody(want found, m *Message, body []byte, err error) error {
	switch {
	case err != nil:
		return err
	case string(body) != want.body:
		return fmt.Errorf("a body of %d bytes", len(body))
	case m.Length != want.Length:
		return fmt.Errorf("a message of %d bytes", m.Length)
	}
	return nil
}

// TestStreamClose: at any time, with reads in flight and from the callback.
func TestStreamClose(t *testing.T) {
	data := fileOf(t, 3, xs('a', 90_000))
	onEngines(t, func(t *testing.T, d *disk) {
		path := d.put("f", data)
		for _, owns := range []bool{true, false} {
			held := d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpOpen, backend.OpRead, backend.OpStat), Times: inject.Always}.Hold())
			f := d.Open(path, fsapi.ReadOnly)
			s := NewSingleStream(f, StreamOptions{Owns: owns})
			s.SetCallback(func() { t.Error("a callback after Close") })
			_, err := s.Message()
			require.Equal(t, fsapi.ErrAgain, err)
			require.NoError(t, s.Close())
			held.Remove()
			for _, call := range []func() error{
				s.Close,
				func() error { _, err := s.Message(); return err },
				func() error { _, err := s.Header(); return err },
				func() error { _, err := s.Read(nil); return err },
				func() error { _, err := s.Seek(0, io.SeekStart); return err },
			} {
				require.ErrorIs(t, call(), fsapi.ErrClosed)
			}
			if owns {
				require.ErrorIs(t, f.Close(), fsapi.ErrClosed)
				continue
			}
			_, body, err := drain(NewSingleStream(f, StreamOptions{}), waits["goroutine"](t, d, f, nil))
			require.NoError(t, err, "what was borrowed is still good")
			require.Len(t, body, 90_000)
			require.NoError(t, f.Close())
		}
		// A stream is for one goroutine at a time: the callback comes afterwards.
		held := d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpOpen, backend.OpRead, backend.OpStat), Times: inject.Always}.Hold())
		f := d.Open(path, fsapi.ReadOnly)
		s := NewSingleStream(f, StreamOptions{Owns: true})
		closed := make(chan error, 1)
		s.SetCallback(func() { closed <- s.Close() })
		_, err := s.Message()
		require.Equal(t, fsapi.ErrAgain, err)
		held.Remove()
		require.NoError(t, <-closed)
		require.ErrorIs(t, s.Close(), fsapi.ErrClosed)

		f = d.Open(path, fsapi.ReadOnly)
		s = NewForwardStream(f, StreamOptions{})
		require.NoError(t, f.Close())
		_, err = s.Read(make([]byte, 10))
		require.ErrorIs(t, err, fsapi.ErrClosed, "the file is closed, not the stream")
	}, queued...)
}

// TestStreamOfMissingFile comes out of the first call.
func TestStreamOfMissingFile(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		for _, make := range []func(*fsapi.File, StreamOptions) *MessageStream{NewSingleStream, NewForwardStream, func(f *fsapi.File, o StreamOptions) *MessageStream {
			return NewRecordStream(f, Extent{Offset: 16, Length: 100}, o)
		}} {
			f := d.open(d.dir + "/none")
			_, _, err := drain(make(f, StreamOptions{}), waits["goroutine"](t, d, f, nil))
			require.ErrorIs(t, err, os.ErrNotExist)
		}
	})
}

// TestStreamExtents: places that no message has, absurd ones included.
func TestStreamExtents(t *testing.T) {
	data := fileOf(t, 2, "one", "two")
	h, _ := source(data).Header()
	d := newDisk(t, engines["uring-queued"](t))
	path := d.put("f", data)
	for _, e := range []Extent{{}, {-1, 5, -1}, {16, -1, -1}, {16, 1 << 62, -1}, {1 << 62, 1 << 62, -1}, {17, 50, 3}, {1 << 40, 60, 3}} {
		f := d.open(path)
		_, _, err := drain(NewRecordStream(f, e, StreamOptions{Name: "x"}), waits["goroutine"](t, d, f, nil))
		_, want := source(data).Record(h, e)
		require.Error(t, want)
		require.Equal(t, want, err, "%+v", e)
	}
}

// TestStreamSeek: within the body, and what it means for verification.
func TestStreamSeek(t *testing.T) {
	data := fileOf(t, 3, "0123456789")
	bad := bytes.Clone(data)
	bad[bytes.Index(bad, []byte("0123456789"))+7] = 'x'
	onEngines(t, func(t *testing.T, d *disk) {
		f := d.open(d.put("f", bad))
		wait := waits["goroutine"](t, d, f, nil)
		s := NewSingleStream(f, StreamOptions{Verify: true})
		for {
			if _, err := s.Seek(5, io.SeekStart); err != fsapi.ErrAgain {
				require.NoError(t, err)
				break
			}
			wait()
		}
		_, body, err := drain(s, wait)
		require.NoError(t, err, "a part cannot be verified")
		require.Equal(t, "56x89", string(body))
		for _, c := range []struct {
			offset int64
			whence int
			want   int64
			body   string
		}{{-3, io.SeekEnd, 7, "x89"}, {100, io.SeekStart, 100, ""}, {-98, io.SeekCurrent, 2, "23456x89"}} {
			at, err := s.Seek(c.offset, c.whence)
			require.NoError(t, err)
			require.Equal(t, c.want, at)
			_, body, err := drain(s, wait)
			require.NoError(t, err)
			require.Equal(t, c.body, string(body))
			_, err = s.Seek(c.want-at+c.want, io.SeekStart)
			require.NoError(t, err)
		}
		_, err = s.Seek(-1, io.SeekStart)
		require.Error(t, err)
		_, err = s.Seek(0, 9)
		require.Error(t, err)
		_, err = s.Seek(0, io.SeekStart)
		require.NoError(t, err)
		_, body, err = drain(s, wait)
		require.ErrorIs(t, err, ErrChecksum, "the whole body can")
		require.Len(t, body, 10)
		_, err = s.Seek(0, io.SeekStart)
		require.NoError(t, err)
		n, err := s.Read(make([]byte, 3))
		require.NoError(t, err, "what was summed is not summed again")
		require.Equal(t, 3, n)
		_, _, err = drain(s, wait)
		require.ErrorIs(t, err, ErrChecksum)
		_, err = NewForwardStream(f, StreamOptions{}).Seek(0, io.SeekStart)
		require.ErrorIs(t, err, errors.ErrUnsupported)
	})
}

// TestForwardStreamArriving: a file that somebody is still writing has no end,
// and one that is complete has.
func TestForwardStreamArriving(t *testing.T) {
	rng := seeded(t)
	onEngines(t, func(t *testing.T, d *disk) {
		for name, data := range samples(t) {
			if len(forward(data, false).messages) > 1 {
				continue
			}
			path := d.put("f", nil)
			f := d.Open(path, fsapi.ReadOnly)
			there, looked := 0, 0
			s := NewForwardStream(f, StreamOptions{Name: "x", Verify: true, Arriving: func() bool { looked++; return there < len(data) }})
			wait := func() {
				if n := min(len(data)-there, 1+rng.Intn(40)); rng.Intn(2) == 0 && n > 0 {
					d.extend(path, data[there:there+n])
					there += n
				}
				require.NoError(t, f.Wait(soon(t)))
			}
			require.Equal(t, withNames(forward(data, true)), readStream(s, wait), name)
			require.Positive(t, looked)
			require.NoError(t, f.Close())

			// The end is seen, and told or not, then the rest comes, then it is
			// known that it was all.
			for seen := range 6 {
				f, there = d.Open(d.put("f", data[:20]), fsapi.ReadOnly), 20
				s = NewForwardStream(f, StreamOptions{Name: "x", Verify: true, Arriving: func() bool { return there < len(data) }})
				for range seen {
					require.NoError(t, f.Wait(soon(t)))
					_, err := s.Message()
					require.Equal(t, fsapi.ErrAgain, err)
				}
				require.NoError(t, f.Wait(soon(t)))
				d.extend(path, data[20:])
				there = len(data)
				require.Equal(t, withNames(forward(data, true)), readStream(s, waits["goroutine"](t, d, f, nil)), name)
				require.NoError(t, f.Close())
			}

			f = d.Open(d.put("f", data[:len(data)-1]), fsapi.ReadOnly)
			s = NewForwardStream(f, StreamOptions{Name: "x", Arriving: func() bool { return false }})
			_, _, err := drain(s, waits["goroutine"](t, d, f, nil))
			require.ErrorIs(t, err, ErrTruncated)
			require.NoError(t, f.Close())
		}
	})
}
