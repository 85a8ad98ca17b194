package dboxfmt

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

var errDisk = errors.New("input/output error")

// failingAt works until read number fail, which fails once.
type failingAt struct {
	*bytes.Reader
	reads, fail int
	ok          []int64 // lengths of the reads that worked
}

func (f *failingAt) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	if f.reads-1 == f.fail {
		return 0, errDisk
	}
	f.ok = append(f.ok, int64(len(p)))
	return f.Reader.ReadAt(p, off)
}

// TestReadErrors injects an error at read 0, 1, 2, … until the run succeeds. It
// must come out as it is, and the same call again must succeed.
func TestReadErrors(t *testing.T) {
	for name, data := range samples(t) {
		all := forward(data, false).messages
		calls := map[string]func(Source) error{
			"header": func(s Source) error { _, err := s.Header(); return err },
			"record": func(s Source) error {
				h, _ := source(data).Header()
				_, err := s.Record(h, all[0].extent())
				return err
			},
		}
		if len(all) == 1 {
			calls["single"] = func(s Source) error { _, _, err := s.Single(); return err }
		} else {
			calls["trailing"] = func(s Source) error { // reads forward to explain
				if _, _, err := s.Single(); !errors.Is(err, ErrTrailing) {
					return err
				}
				return nil
			}
		}
		for call, f := range calls {
			for n := 0; ; n++ {
				r := &failingAt{Reader: bytes.NewReader(data), fail: n}
				s := Source{R: r, Size: int64(len(data))}
				err := f(s)
				if r.reads <= n {
					require.NoError(t, err)
					require.Positive(t, n)
					break
				}
				require.Equal(t, errDisk, err, "%s, %s, read %d", name, call, n)
				require.NoError(t, f(s), "%s, %s, again", name, call)
			}
		}
	}
}

// TestReadsOfSingle: one read for a small file, one at each end for a large
// one, one more for much metadata; never more bytes than that takes.
func TestReadsOfSingle(t *testing.T) {
	large := fileOf(t, 3, xs('x', 100000))
	var much bytes.Buffer
	w := newTestWriter(t, &much, 3)
	m, err := w.Create(UnknownSize)
	require.NoError(t, err)
	_, err = m.Write(bytes.Repeat([]byte("x"), 10000))
	require.NoError(t, err)
	msg, err := m.Finish(Metadata{{'Q', xs('q', 5000)}})
	require.NoError(t, err)
	length, err := msg.Metadata.BlockLength()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		data []byte
		want []int64
	}{
		"example":       {testFile(t, "example-v3.dbox"), []int64{161}},
		"small v2":      {testFile(t, "sdbox-small/u.1"), []int64{245}},
		"large":         {large, []int64{512, 512}},
		"much metadata": {much.Bytes(), []int64{512, 512, length}},
		"large v2":      {fileOf(t, 2, xs('x', 100000)), []int64{512, 512}},
	} {
		r := &failingAt{Reader: bytes.NewReader(c.data), fail: -1}
		_, _, err := Source{R: r, Size: int64(len(c.data))}.Single()
		require.NoError(t, err, name)
		require.Equal(t, c.want, r.ok, name)
	}
}

// TestSizeOfSource: the file is not as long as the caller thinks.
func TestSizeOfSource(t *testing.T) {
	data := testFile(t, "example-v3.dbox")
	for _, size := range []int64{-1, 0, 1, 160, 162, 1000, 1 << 62} {
		_, _, err := Source{R: bytes.NewReader(data), Size: size}.Single()
		if size > 161 {
			// Size is wrong, the file itself is good.
			require.ErrorIs(t, err, ErrTruncated, "%d", size)
			continue
		}
		require.ErrorIs(t, err, ErrTruncated, "%d", size)
	}
}

// TestExtents: places and sizes that no message has.
func TestExtents(t *testing.T) {
	for _, name := range []string{"mdbox-small/m.1", "example-v3.dbox"} {
		data := testFile(t, name)
		h, err := source(data).Header()
		require.NoError(t, err)
		good := forward(data, false).messages[0].extent()
		for _, c := range []struct {
			change Extent
			kind   error
		}{
			{Extent{}, nil},
			{Extent{BodySize: 1}, ErrSize},
			{Extent{Offset: 1}, ErrCorrupt},
			{Extent{Offset: -1}, ErrSize},
			{Extent{Length: -1}, ErrCorrupt},
			{Extent{Length: 1 << 40}, ErrCorrupt},
			{Extent{Length: -good.Length}, ErrSize},
			{Extent{Length: -good.Length - 1}, ErrSize},
			{Extent{Length: 1<<63 - 1 - good.Length}, ErrSize},
			{Extent{Offset: 1 << 40}, ErrTruncated},
			{Extent{Offset: -good.Offset - 5}, ErrSize},
		} {
			e := Extent{good.Offset + c.change.Offset, good.Length + c.change.Length, good.BodySize + c.change.BodySize}
			_, err := source(data).Record(h, e)
			if h.Version == 3 && e.Offset+e.Length > int64(len(data)) && c.kind == ErrCorrupt {
				c.kind = ErrTruncated // its end is where the file is not
			}
			if c.kind == nil {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, c.kind, "%s %+v", name, c.change)
			var f *FormatError
			require.ErrorAs(t, err, &f)
			require.Equal(t, "x", f.File)
		}
	}
}

// TestDamagedBody: verification finds every changed byte, in both body readers;
// without it, and in files without H, the body is read as it is.
func TestDamagedBody(t *testing.T) {
	data := fileOf(t, 3, "one", "two")
	h, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
	require.NoError(t, err)
	for i := all[0].BodyOffset; i < all[0].BodyOffset+3; i++ {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		d := NewDecoder(bytes.NewReader(bad), DecoderOptions{Verify: true})
		_, err := d.Next()
		require.NoError(t, err)
		body, err := io.ReadAll(d)
		requireFault(t, err, ErrChecksum, all[0].BodyOffset)
		require.Len(t, body, 3)
		_, err = d.Next()
		require.NoError(t, err, "framing is intact: the next message can be read")
		body, err = io.ReadAll(d)
		require.NoError(t, err)
		require.Equal(t, "two", string(body))

		d = NewDecoder(bytes.NewReader(bad), DecoderOptions{Verify: true})
		_, err = d.Next()
		require.NoError(t, err)
		_, err = d.Next()
		require.ErrorIs(t, err, ErrChecksum, "skipped and not verified")
		_, err = d.Next()
		require.NoError(t, err)

		_, got, err := readForward(bytes.NewReader(bad), DecoderOptions{})
		require.NoError(t, err)
		require.Len(t, got, 2)
		m, err := source(bad).Record(h, all[0].extent())
		require.NoError(t, err)
		_, err = io.ReadAll(source(bad).Body(m, true))
		requireFault(t, err, ErrChecksum, all[0].BodyOffset)
		_, err = io.ReadAll(source(bad).Body(m, false))
		require.NoError(t, err)
	}
}

// TestChecksumRequiredInVersion3: an H that is gone or unknown verifies nothing.
func TestChecksumRequiredInVersion3(t *testing.T) {
	for _, items := range []string{"", "Hmd5:0\n", "Hcrc32c:\n"} {
		data := []byte("3 M13 C5f3c2a10\n\x01\x02" + sep + "\nSubject: x\n\nhi\n" + block3(items))
		require.ErrorIs(t, forward(data, true).err, ErrChecksum, items)
		require.ErrorIs(t, fromEnd(data).err, ErrChecksum, items)
		_, _, err := readForward(bytes.NewReader(data), DecoderOptions{Single: true})
		require.NoError(t, err)
	}
}

// TestBodyOfShorterFile: the file has been cut since the message was found.
func TestBodyOfShorterFile(t *testing.T) {
	data := testFile(t, "example-v3.dbox")
	_, m, err := source(data).Single()
	require.NoError(t, err)
	body, err := io.ReadAll(source(data[:0x25]).Body(m, true))
	requireFault(t, err, ErrTruncated, 0x25)
	require.Equal(t, "Su", string(body))
	_, err = io.ReadAll(source(data).Body(&Message{BodySize: UnknownSize}, false))
	require.ErrorIs(t, err, ErrState)
}

// badReader breaks the contracts of io.Reader and io.ReaderAt.
type badReader int

func (n badReader) Read([]byte) (int, error)          { return int(n), nil }
func (n badReader) ReadAt([]byte, int64) (int, error) { return int(n), nil }

func TestBadReaders(t *testing.T) {
	for _, n := range []badReader{0, -1, 1 << 30} {
		_, err := NewDecoder(n, DecoderOptions{}).Next()
		require.Error(t, err)
		require.NotErrorIs(t, err, ErrCorrupt)
		s := Source{R: n, Size: 1000}
		_, _, err = s.Single()
		require.Error(t, err)
		require.NotErrorIs(t, err, ErrCorrupt)
		_, err = s.Body(&Message{BodySize: 5}, true).Read(make([]byte, 5))
		require.Error(t, err)
	}
}

// endless never ends and never ends a line.
type endless struct {
	head string
	fill byte
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	for i := n; i < len(p); i++ {
		p[i] = e.fill
	}
	e.read += len(p)
	return len(p), nil
}

// TestBounds: a stream without an end of line is given up early.
func TestBounds(t *testing.T) {
	v2body := "2 M1e C5\n\x01\x02N          0000000000000000\n"
	for head, limit := range map[string]int{
		"2 M1e C5 ":                  minBuffer,
		v2body + "garbage":           minBuffer,
		v2body + "\n\x01\x03\nR5\nG": 4 << 20,
		"3 M13 C5\n\x01\x02" + sep + "\n\x01\x03" + sep + "0000000000000000\nG": 4 << 20,
	} {
		in := &endless{head: head, fill: 'x'}
		_, all, err := readForward(in, DecoderOptions{})
		require.ErrorIs(t, err, ErrCorrupt, head)
		require.Empty(t, all)
		require.LessOrEqual(t, in.read, limit, head)
	}
}

func TestFormatErrorText(t *testing.T) {
	_, _, err := Source{Name: "m.7", R: bytes.NewReader([]byte("9 x\n")), Size: 4}.Single()
	require.EqualError(t, err, `m.7: offset 0: the file starts with "9 ", not with a version from 1 to 3 and a space (corrupt dbox file: file header: version)`)
	require.Contains(t, (&FormatError{Err: ErrSize}).Error(), "dbox file: offset 0")
}
