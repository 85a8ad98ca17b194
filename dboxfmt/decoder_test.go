package dboxfmt

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// script is a reader that answers as it is told, and io.ErrClosedPipe after.
type script []answer

type answer struct {
	data string
	err  error
}

func (s *script) Read(p []byte) (int, error) {
	if len(*s) == 0 {
		return 0, io.ErrClosedPipe
	}
	next := (*s)[0]
	*s = (*s)[1:]
	return copy(p, next.data), next.err
}

// TestAwkwardReaders: errors that come with bytes, reads of nothing, io.EOF
// that is said once.
func TestAwkwardReaders(t *testing.T) {
	file := string(testFile(t, "example-v3.dbox"))
	for name, in := range map[string]*script{
		"EOF with the last bytes": {{file, io.EOF}},
		"EOF once":                {{file, nil}, {"", io.EOF}},
		"reads of nothing":        {{"", nil}, {file[:20], nil}, {"", nil}, {"", nil}, {file[20:], nil}, {"", nil}, {"", io.EOF}},
	} {
		_, all, err := readForward(in, DecoderOptions{})
		require.NoError(t, err, name)
		require.Len(t, all, 1, name)
	}
	for name, in := range map[string]*script{
		"with bytes":    {{file[:40], errDisk}, {"", io.EOF}},
		"without bytes": {{file[:40], nil}, {"", errDisk}, {"", io.EOF}},
	} {
		_, all, err := readForward(in, DecoderOptions{})
		require.Equal(t, errDisk, err, name)
		require.Empty(t, all, name)
	}
}

// TestLastAnswer: an error about the format stays; calls out of order are told.
func TestLastAnswer(t *testing.T) {
	d := NewDecoder(bytes.NewReader([]byte("2 M1e C5\nwhat")), DecoderOptions{Name: "m.3"})
	_, err := d.Read(make([]byte, 10))
	require.ErrorIs(t, err, ErrState)
	_, first := d.Next()
	requireFault(t, first, ErrMessageHeader, 9)
	require.ErrorContains(t, first, "m.3: offset 9: ")
	_, err = d.Next()
	require.Equal(t, first, err)
	_, err = d.Read(make([]byte, 10))
	require.Equal(t, first, err)

	d = NewDecoder(bytes.NewReader([]byte("9 ")), DecoderOptions{})
	_, first = d.Header()
	require.ErrorIs(t, first, ErrVersion)
	_, err = d.Header()
	require.Equal(t, first, err)
}

func TestEndStays(t *testing.T) {
	d := NewDecoder(bytes.NewReader(testFile(t, "example-v3.dbox")), DecoderOptions{Single: true})
	m, err := d.Next()
	require.NoError(t, err)
	require.EqualValues(t, UnknownSize, m.BodySize)
	n, err := d.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, iotest.TestReader(d, []byte("Subject: x\n\nhi\n")))
	for range 2 {
		_, err = d.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		_, err = d.Next()
		require.Equal(t, io.EOF, err)
	}
}

// TestEndIsAskedOnce: what a reader says after io.EOF does not count.
func TestEndIsAskedOnce(t *testing.T) {
	d := NewDecoder(&script{{string(testFile(t, "example-v3.dbox")), nil}, {"", io.EOF}}, DecoderOptions{})
	_, err := d.Next()
	require.NoError(t, err)
	for range 3 {
		_, err = d.Next()
		require.Equal(t, io.EOF, err)
	}
}

// TestDamagedSize: the separator is found, the number behind it is wrong.
func TestDamagedSize(t *testing.T) {
	data := testFile(t, "example-v3.dbox")
	for i := 0x44; i < 0x54; i++ {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		for _, err := range []error{forward(bad, false).err, forward(bad, true).err, fromEnd(bad).err} {
			requireFault(t, err, ErrSize, 0x32)
		}
	}
}
