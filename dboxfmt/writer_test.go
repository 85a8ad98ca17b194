package dboxfmt

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowWriter takes pieces and says errTemporary in between.
type slowWriter struct {
	bytes.Buffer
	rng *rand.Rand
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if w.rng.Intn(3) == 0 {
		return 0, errTemporary
	}
	n := 1 + w.rng.Intn(len(p))
	w.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errTemporary
	}
	return n, nil
}

// TestTemporaryWriteErrors: a non-blocking writer gets the same file.
func TestTemporaryWriteErrors(t *testing.T) {
	rng := seeded(t)
	bodies := []string{"first\n", "", "a\r\nb\n" + xs('\r', 100), xs('\x01', 300)}
	want := fileOf(t, 2, bodies...)
	for range 50 {
		out := &slowWriter{rng: rng}
		w, err := NewWriter(out, NewFileHeader(2, time.Unix(created, 0)), WriterOptions{})
		require.NoError(t, err)
		parsed := forward(want, false).messages
		for i, body := range bodies {
			m, err := w.Create(int64(len(body)))
			require.NoError(t, err)
			for rest := []byte(body); len(rest) > 0; {
				n, err := m.Write(rest)
				if rest = rest[n:]; len(rest) > 0 {
					require.Equal(t, errTemporary, err)
				}
			}
			msg, err := m.Finish(parsed[i].Metadata)
			for err == errTemporary {
				msg, err = m.Finish(nil)
			}
			require.NoError(t, err)
			require.Equal(t, parsed[i].Message, *msg)
		}
		require.Equal(t, want, out.Bytes())
	}
}

func newTestWriter(t *testing.T, out io.Writer, version int) *Writer {
	t.Helper()
	w, err := NewWriter(out, NewFileHeader(version, time.Unix(created, 0)), WriterOptions{})
	require.NoError(t, err)
	return w
}

func TestWrongSize(t *testing.T) {
	for _, version := range []int{2, 3} {
		var out bytes.Buffer
		w := newTestWriter(t, &out, version)
		m, err := w.Create(4)
		require.NoError(t, err)
		n, err := io.WriteString(m, "abc")
		require.NoError(t, err)
		require.Equal(t, 3, n)
		before := out.Len()
		n, err = io.WriteString(m, "de")
		require.ErrorIs(t, err, ErrWrongSize)
		require.Zero(t, n)
		require.Equal(t, before, out.Len(), "something of a body that is too long was written")
		_, err = m.Finish(nil)
		require.ErrorIs(t, err, ErrWrongSize)
		_, err = w.Create(1)
		require.ErrorIs(t, err, ErrWrongSize, "the file has an unreadable message and goes on")

		w = newTestWriter(t, &out, version)
		m, err = w.Create(4)
		require.NoError(t, err)
		_, err = io.WriteString(m, "abc")
		require.NoError(t, err)
		_, err = m.Finish(nil)
		require.ErrorIs(t, err, ErrWrongSize)
		_, err = io.WriteString(m, "d")
		require.ErrorIs(t, err, ErrWrongSize)
	}
	w := newTestWriter(t, io.Discard, 2)
	_, err := w.Create(UnknownSize)
	require.ErrorIs(t, err, ErrWrongSize)
	_, err = w.Create(-2)
	require.ErrorIs(t, err, ErrWrongSize)
}

func TestCallsOutOfOrder(t *testing.T) {
	w := newTestWriter(t, io.Discard, 3)
	m, err := w.Create(UnknownSize)
	require.NoError(t, err)
	_, err = w.Create(UnknownSize)
	require.ErrorIs(t, err, ErrState)
	_, err = m.Finish(Metadata{{'Q', "a\nb"}})
	require.ErrorIs(t, err, ErrItem)
	_, err = m.Finish(nil)
	require.NoError(t, err, "no second try after an ErrItem")
	_, err = m.Finish(nil)
	require.ErrorIs(t, err, ErrState)
	_, err = m.Write([]byte("x"))
	require.ErrorIs(t, err, ErrState)
	_, err = w.Create(UnknownSize)
	require.NoError(t, err)

	_, err = NewWriter(io.Discard, NewFileHeader(1, time.Unix(created, 0)), WriterOptions{})
	require.ErrorIs(t, err, ErrVersion)
	_, err = NewAppender(io.Discard, NewFileHeader(3, time.Unix(created, 0)), 3, WriterOptions{})
	require.ErrorIs(t, err, ErrState)
}

// TestAppender: two writers, one file, also with longer separators.
func TestAppender(t *testing.T) {
	line := "3 M20 C5f3c2a10 Xkept\n"
	h, err := ParseFileHeader([]byte(line))
	require.NoError(t, err)
	var out bytes.Buffer
	for i := range 3 {
		w, err := NewWriter(&out, h, WriterOptions{})
		if i > 0 {
			w, err = NewAppender(&out, h, int64(out.Len()), WriterOptions{})
		}
		require.NoError(t, err)
		m, err := w.Create(UnknownSize)
		require.NoError(t, err)
		_, err = io.WriteString(m, "body\n")
		require.NoError(t, err)
		_, err = m.Finish(nil)
		require.NoError(t, err)
	}
	require.Equal(t, line, out.String()[:len(line)])
	_, all, err := readForward(bytes.NewReader(out.Bytes()), DecoderOptions{Verify: true})
	require.NoError(t, err)
	require.Len(t, all, 3)
	sameMessages(t, out.Bytes(), h, all)
	for _, f := range all {
		require.Len(t, f.Separator, 0x20-3)
	}
	require.NotEqual(t, all[0].Separator, all[1].Separator)
}

// TestMetadataOfWriters: what Finish adds and what it leaves alone.
func TestMetadataOfWriters(t *testing.T) {
	sum := formatChecksum(0x49abb0ec)
	for _, c := range []struct {
		version     int
		given, want Metadata
	}{
		{2, nil, Metadata{{'V', "12"}}},
		{3, nil, Metadata{{'V', "12"}, {'H', sum}, {'L', "00000043"}}},
		{2, Metadata{{'B', "b"}, {'V', "ff"}, {'k', "\x00"}, {'k', "2"}}, Metadata{{'B', "b"}, {'V', "ff"}, {'k', "\x00"}, {'k', "2"}}},
		{2, Metadata{{'H', "stale"}, {'L', "0000006f"}}, Metadata{{'V', "12"}, {'H', sum}}},
		{3, Metadata{{'H', "stale"}, {'L', "x"}, {'B', "b"}}, Metadata{{'V', "12"}, {'H', sum}, {'B', "b"}, {'L', "00000046"}}},
	} {
		given := c.given.Clone()
		var out bytes.Buffer
		w := newTestWriter(t, &out, c.version)
		m, err := w.Create(15)
		require.NoError(t, err)
		_, err = io.WriteString(m, "Subject: x\n\nhi\n")
		require.NoError(t, err)
		msg, err := m.Finish(c.given)
		require.NoError(t, err)
		require.Equal(t, c.want, msg.Metadata)
		require.Equal(t, given, c.given, "Finish changed its argument")
		_, read, err := source(out.Bytes()).Single()
		require.NoError(t, err)
		require.Equal(t, msg, read)
	}
}

// TestOwnEndInBody: what could not be read back is not written, however it is
// cut into pieces; every look-alike is.
func TestOwnEndInBody(t *testing.T) {
	before := "text\n\x01\x03" + sep + "000"
	for body, refused := range map[string]bool{
		before + "\n\x01\x03" + sep + "0000000000000020\nmore": false, // another number
		before + "\n\x01\x03" + sep + "000000000000001b\nmore": true,
		before + "\n\x01\x03" + sep + "000000000000001B\nmore": true,
		before + "\n\x01\x03" + sep + "000000000000001b more":  false,
		before + "\n\x01\x03" + sep + "000000000000001b":       false,
		"\x01\x03" + sep + "0000000000000000\n":                true,
		"\x01\x01\x03" + sep + "0000000000000001\n":            true,
		"\x01\x03\x01\x03" + sep + "0000000000000002\n":        true,
		"\x01\x03" + sep[:9] + "\x01\x03" + sep:                false,
	} {
		for _, step := range []int{1, 2, 3, 5, 17, 36, 1000} {
			var out bytes.Buffer
			w, err := NewWriter(&out, NewFileHeader(3, time.Unix(created, 0)), WriterOptions{Random: fixedSeparator(t, sep)})
			require.NoError(t, err)
			m, err := w.Create(UnknownSize)
			require.NoError(t, err)
			for rest := body; rest != "" && err == nil; rest = rest[min(step, len(rest)):] {
				_, err = io.WriteString(m, rest[:min(step, len(rest))])
			}
			if refused {
				require.ErrorIs(t, err, ErrSeparator, "%q by %d", body, step)
				_, err = m.Finish(nil)
				require.ErrorIs(t, err, ErrSeparator)
				continue
			}
			require.NoError(t, err, "%q by %d", body, step)
			_, err = m.Finish(nil)
			require.NoError(t, err)
			want := fromEnd(out.Bytes())
			require.NoError(t, want.err)
			require.Equal(t, body, want.messages[0].body)
			require.Equal(t, want, forward(out.Bytes(), true), "%q by %d", body, step)
		}
	}
}

func TestRandomSourceFails(t *testing.T) {
	dead := errors.New("no entropy")
	w, err := NewWriter(io.Discard, NewFileHeader(3, time.Unix(created, 0)), WriterOptions{Random: iotest.ErrReader(dead)})
	require.NoError(t, err)
	_, err = w.Create(UnknownSize)
	require.ErrorIs(t, err, dead)
	require.ErrorIs(t, err, ErrSeparator)
}

// badWriter breaks the contract of io.Writer.
type badWriter int

func (n badWriter) Write([]byte) (int, error) { return int(n), nil }

func TestBadWriters(t *testing.T) {
	for _, n := range []badWriter{0, -1, 1000} {
		w := newTestWriter(t, n, 3)
		m, err := w.Create(UnknownSize)
		require.NoError(t, err)
		_, err = m.Write([]byte("x"))
		require.Error(t, err)
		_, err = m.Finish(nil)
		require.Error(t, err)
	}
}
