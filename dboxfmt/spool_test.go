package dboxfmt

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// testSpool counts what happens to it and fails where it is told to.
type testSpool struct {
	bytes.Buffer
	closed   int
	writeErr error
	readErr  error
	closeErr error
}

func (s *testSpool) Write(p []byte) (int, error) {
	if s.writeErr != nil {
		return 0, s.writeErr
	}
	return s.Buffer.Write(p)
}

func (s *testSpool) Reader() (io.Reader, error) {
	return io.MultiReader(&s.Buffer, iotest.ErrReader(orEOF(s.readErr))), nil
}

func (s *testSpool) Close() error { s.closed++; return s.closeErr }

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func TestSpooler(t *testing.T) {
	for _, size := range []int{0, 1, 99, 100, 101, 5000} {
		var out bytes.Buffer
		var spools []*testSpool
		w := newTestWriter(t, &out, 2)
		s := w.CreateSpooled(SpoolOptions{Memory: 100, New: func() (Spool, error) {
			spools = append(spools, &testSpool{})
			return spools[len(spools)-1], nil
		}})
		body := strings.Repeat("x\n", size)[:size]
		_, err := io.Copy(struct{ io.Writer }{s}, iotest.OneByteReader(strings.NewReader(body)))
		require.NoError(t, err)
		require.LessOrEqual(t, s.memory.Len(), 100)
		require.Zero(t, out.Len(), "written before the size is known")
		_, err = s.Finish(Metadata{{'Q', "a\nb"}})
		require.ErrorIs(t, err, ErrItem)
		m, err := s.Finish(Metadata{{'R', "5"}})
		require.NoError(t, err)
		if size > 100 {
			require.Len(t, spools, 1)
			require.Zero(t, s.memory.Cap(), "memory kept beside the spool")
			require.Equal(t, 1, spools[0].closed)
		} else {
			require.Empty(t, spools, "a spool for a body that fits")
		}
		got := fromEnd(out.Bytes())
		require.NoError(t, got.err)
		require.Equal(t, []found{{*m, body}}, got.messages)

		_, err = s.Write([]byte("x"))
		require.ErrorIs(t, err, ErrState)
		_, err = s.Finish(nil)
		require.ErrorIs(t, err, ErrState)
		require.NoError(t, s.Close())
	}
}

// TestSpoolFailures: every error of the spool comes out, and it is closed.
func TestSpoolFailures(t *testing.T) {
	dead := errors.New("disk full")
	for name, c := range map[string]struct {
		spool  testSpool
		newErr error
		whole  bool // the message is written all the same
	}{
		"new":   {newErr: dead},
		"write": {spool: testSpool{writeErr: dead}},
		"read":  {spool: testSpool{readErr: dead}},
		"close": {spool: testSpool{closeErr: dead}, whole: true},
	} {
		var out bytes.Buffer
		w := newTestWriter(t, &out, 2)
		s := w.CreateSpooled(SpoolOptions{New: func() (Spool, error) { return &c.spool, c.newErr }})
		_, err := s.Write([]byte("body"))
		var m *Message
		if err == nil {
			m, err = s.Finish(nil)
		} else {
			_, again := s.Finish(nil)
			require.ErrorIs(t, again, dead, name)
			_ = s.Close()
		}
		require.ErrorIs(t, err, dead, name)
		require.Equal(t, c.whole, m != nil, name)
		if c.newErr == nil {
			require.Equal(t, 1, c.spool.closed, name)
		}
		if c.whole {
			require.NoError(t, fromEnd(out.Bytes()).err)
		}
	}
	s := newTestWriter(t, io.Discard, 2).CreateSpooled(SpoolOptions{Memory: 3})
	_, err := s.Write([]byte("body"))
	require.ErrorIs(t, err, ErrWrongSize)
}
