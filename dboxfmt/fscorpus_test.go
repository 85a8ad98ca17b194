package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

// mailWriters write files of one version in every way there is, with the same
// separators. All must write the same bytes.
var mailWriters = map[string]func(t *testing.T, d *disk, version int, mails []string) []byte{
	"writer": func(t *testing.T, _ *disk, version int, mails []string) []byte {
		var out bytes.Buffer
		w, err := NewWriter(&out, mailHeader(version), mailOptions())
		require.NoError(t, err)
		for i, mail := range mails {
			m, err := w.Create(int64(len(mail)))
			require.NoError(t, err)
			writeMail(t, m, i, mail)
		}
		return out.Bytes()
	},
	"size unknown": func(t *testing.T, _ *disk, version int, mails []string) []byte {
		var out bytes.Buffer
		w, err := NewWriter(&out, mailHeader(version), mailOptions())
		require.NoError(t, err)
		for i, mail := range mails {
			if version == 2 {
				writeMail(t, w.CreateSpooled(SpoolOptions{Memory: 1 << 30}), i, mail)
				continue
			}
			m, err := w.Create(UnknownSize)
			require.NoError(t, err)
			writeMail(t, m, i, mail)
		}
		return out.Bytes()
	},
	"file": func(t *testing.T, d *disk, version int, mails []string) []byte {
		path, w := createMailFile(t, d, version, FileWriterOptions{WriterOptions: mailOptions()})
		p := writing(t, d, w, "goroutine")
		for i, mail := range mails {
			_, err := p.message(w, mail, mailMetadata(i))
			require.NoError(t, err)
		}
		require.NoError(t, patient(p.wait, w.Commit))
		require.NoError(t, w.Close())
		return []byte(d.content(path))
	},
	"file, size unknown, spooled through a file": func(t *testing.T, d *disk, version int, mails []string) []byte {
		path, w := createMailFile(t, d, version, FileWriterOptions{WriterOptions: mailOptions(), Context: soon(t)})
		for i, mail := range mails {
			if version == 2 {
				s, err := w.CreateSpooled(SpoolOptions{Memory: 20_000, New: NewFileSpool(soon(t), d.FS, d.dir)})
				require.NoError(t, err)
				writeMail(t, s, i, mail)
				continue
			}
			m, err := w.Create(UnknownSize)
			require.NoError(t, err)
			writeMail(t, m, i, mail)
		}
		require.NoError(t, w.Commit())
		require.NoError(t, w.Close())
		return []byte(d.content(path))
	},
}

func createMailFile(t *testing.T, d *disk, version int, opts FileWriterOptions) (string, *FileWriter) {
	path := filepath.Join(d.dir, "written")
	w, err := NewFileWriter(d.Create(path, fsapi.ReplaceIfExists, fsapi.Perm{}), mailHeader(version), opts)
	require.NoError(t, err)
	return path, w
}

func mailHeader(version int) FileHeader { return NewFileHeader(version, time.Unix(created, 0)) }

func mailOptions() WriterOptions { return WriterOptions{Random: rand.New(rand.NewSource(1))} }

func mailMetadata(i int) Metadata {
	return Metadata{{'R', fmt.Sprintf("%x", created+i)}, {'G', fmt.Sprintf("%032x", i+1)}}
}

// writeMail writes a body in two pieces.
func writeMail(t *testing.T, m interface {
	io.Writer
	Finish(Metadata) (*Message, error)
}, i int, mail string) {
	for _, piece := range []string{mail[:len(mail)/3], mail[len(mail)/3:]} {
		_, err := io.WriteString(m, piece)
		require.NoError(t, err)
	}
	_, err := m.Finish(mailMetadata(i))
	require.NoError(t, err)
}

// version1 is a file of the oldest version, which nothing writes any more.
func version1(mails ...string) []byte {
	var out bytes.Buffer
	out.WriteString("1 A000003da M1e C5f3c2a10\n")
	for i, mail := range mails {
		fmt.Fprintf(&out, "\x01\x02N %08x %016X\n%s\n\x01\x03\nR%x\nG%032x\n%s\n", i+1, len(mail), mail, created+i, i+1, strings.Repeat(" ", 64))
	}
	return out.Bytes()
}

// multiReaders read all messages of a file whose index is known.
var multiReaders = map[string]func(t *testing.T, d *disk, path string, index []Extent) []found{
	"source": func(t *testing.T, d *disk, path string, index []Extent) (all []found) {
		src, err := OpenSource(soon(t), d.open(path), "")
		require.NoError(t, err)
		h, err := src.Header()
		require.NoError(t, err)
		for _, e := range index {
			m, err := src.Record(h, e)
			require.NoError(t, err)
			body, err := src.ReadBody(m, true)
			require.NoError(t, err)
			all = append(all, found{*m, string(body)})
		}
		return all
	},
	"decoder": func(t *testing.T, d *disk, path string, _ []Extent) []found {
		_, all, err := readForward(fsapi.NewReader(soon(t), d.open(path)), DecoderOptions{Verify: true})
		require.NoError(t, err)
		return all
	},
	"streams": func(t *testing.T, d *disk, path string, index []Extent) (all []found) {
		f := d.open(path)
		wait := waits["goroutine"](t, d, f, nil)
		opts := StreamOptions{Verify: true}
		for _, e := range index {
			s := NewRecordStream(f, e, opts)
			r := readStream(s, wait)
			require.NoError(t, r.err)
			all = append(all, r.messages...)
			h, err := s.Header()
			require.NoError(t, err)
			opts.Header = &h
		}
		return all
	},
}

// TestCorpusInOneFile: every writer writes the same file, and every reader finds
// in it what was written.
func TestCorpusInOneFile(t *testing.T) {
	mails := corpus(t)
	for _, engine := range []string{"threadpool", "uring"} {
		t.Run(engine, func(t *testing.T) {
			d := newDisk(t, engines[engine](t))
			for version := 1; version <= 3; version++ {
				data := version1(mails...)
				if version > 1 {
					data = mailWriters["writer"](t, d, version, mails)
					for name, write := range mailWriters {
						require.True(t, bytes.Equal(data, write(t, d, version, mails)), "version %d, %s", version, name)
					}
				}
				want := forward(data, false)
				require.NoError(t, want.err)
				require.Len(t, want.messages, len(mails))
				for i, f := range want.messages {
					require.True(t, mails[i] == f.body)
				}
				require.Equal(t, want, byOffset(data, extents(want.messages)))
				path := d.put("all", data)
				for name, read := range multiReaders {
					got := read(t, d, path, extents(want.messages))
					require.True(t, equalFound(want.messages, got), "version %d, %s", version, name)
				}
			}
		})
	}
}

// equalFound is what require.Equal would say if its answer were not one about
// millions of bytes.
func equalFound(a, b []found) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if fmt.Sprintf("%+v", a[i].Message) != fmt.Sprintf("%+v", b[i].Message) || a[i].body != b[i].body {
			return false
		}
	}
	return true
}

// TestCorpusInFiles: each mail in a file of its own, read in every way.
func TestCorpusInFiles(t *testing.T) {
	mails := corpus(t)
	for _, engine := range []string{"threadpool", "uring"} {
		t.Run(engine, func(t *testing.T) {
			d := newDisk(t, engines[engine](t))
			write := mailWriters["file"]
			for i, mail := range mails {
				var data []byte
				if version := 1 + i%3; version > 1 {
					data = write(t, d, version, []string{mail})
				} else {
					data = version1(mail)
				}
				path := d.put("written", data)
				f := d.Open(path, fsapi.ReadOnly)
				wait := waits["goroutine"](t, d, f, nil)
				want := forward(data, true)
				require.NoError(t, want.err)
				require.True(t, mail == want.messages[0].body)
				for name, got := range map[string]reading{
					"from the end": fromEnd(data),
					"source":       readSource(t, f),
					"single":       readStream(NewSingleStream(f, StreamOptions{Verify: true}), wait),
					"forward":      readStream(NewForwardStream(f, StreamOptions{Verify: true}), wait),
				} {
					require.NoError(t, got.err, name)
					require.True(t, equalFound(want.messages, got.messages), "mail %d, %s", i, name)
				}
				require.NoError(t, f.Close())
			}
		})
	}
}

func readSource(t *testing.T, f *fsapi.File) reading {
	src, err := OpenSource(soon(t), f, "")
	require.NoError(t, err)
	_, m, err := src.Single()
	if err != nil {
		return reading{nil, err}
	}
	body, err := src.ReadBody(m, true)
	return reading{[]found{{*m, string(body)}}, err}
}

// TestStreamsOfPrefixes: files that are cut at every byte.
func TestStreamsOfPrefixes(t *testing.T) {
	d := newDisk(t, engines["sync"](t))
	for _, name := range []string{"example", "v2 single", "v3 empty"} {
		data := samples(t)[name]
		for n := range data {
			f := d.Open(d.put("f", data[:n]), fsapi.ReadOnly)
			wait := waits["goroutine"](t, d, f, nil)
			opts := StreamOptions{Name: "x", Verify: true}
			want := fromEnd(data[:n])
			require.ErrorIs(t, want.err, ErrTruncated)
			require.Equal(t, want, readStream(NewSingleStream(f, opts), wait), "%s cut at %d", name, n)
			require.Equal(t, want, readStream(NewForwardStream(f, opts), wait), "%s cut at %d", name, n)
			require.NoError(t, f.Close())
		}
	}
}
