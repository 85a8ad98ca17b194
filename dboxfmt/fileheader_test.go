package dboxfmt

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseFileHeader(t *testing.T) {
	for line, want := range map[string]FileHeader{
		"2 M1e C6b0485f2\n":             {Version: 2, MessageHeaderSize: 30, Created: 0x6b0485f2, Words: []string{"M1e", "C6b0485f2"}},
		"2 M1E\nrest":                   {Version: 2, MessageHeaderSize: 30, Words: []string{"M1E"}},
		"1 A000003da M1e Cff\n":         {Version: 1, MessageHeaderSize: 30, Created: 255, Words: []string{"A000003da", "M1e", "Cff"}},
		"3 M13 C5f3c2a10\n":             {Version: 3, MessageHeaderSize: 19, Created: created, Words: []string{"M13", "C5f3c2a10"}},
		"3 M23 Xtra  y C1\n":            {Version: 3, MessageHeaderSize: 35, Created: 1, Words: []string{"M23", "Xtra", "", "y", "C1"}},
		"2 M1e C" + xs('0', 15) + "f\n": {Version: 2, MessageHeaderSize: 30, Created: 15, Words: []string{"M1e", "C" + xs('0', 15) + "f"}},
	} {
		h, err := ParseFileHeader([]byte(line))
		require.NoError(t, err, line)
		require.Equal(t, want, h)
		back, err := h.Append([]byte("before"))
		require.NoError(t, err)
		line, _, _ = strings.Cut(line, "\n")
		require.Equal(t, "before"+line+"\n", string(back), "not kept byte for byte")
		require.EqualValues(t, len(line)+1, h.Size())
	}
}

func xs(c byte, n int) string { return strings.Repeat(string(c), n) }

func TestBadFileHeader(t *testing.T) {
	for _, c := range []struct {
		line   string
		kind   error
		offset int64
	}{
		{"", ErrTruncated, 0},
		{"2", ErrTruncated, 1},
		{"2 M1e C5", ErrTruncated, 8},
		{"4 M1e C5\n", ErrVersion, 0},
		{"0 M1e\n", ErrVersion, 0},
		{"X M1e C5\n", ErrVersion, 0},
		{"X M", ErrVersion, 0},
		{"2\n", ErrVersion, 0},
		{"2M1e\n", ErrVersion, 0},
		{"\n", ErrVersion, 0},
		{"2 C5\n", ErrFileHeader, 4},
		{"2 \n", ErrFileHeader, 2},
		{"2 M C5\n", ErrFileHeader, 2},
		{"2 C5 M0\n", ErrFileHeader, 5},
		{"2 C5 M1g\n", ErrFileHeader, 5},
		{"2 M1d C5\n", ErrFileHeader, 8},
		{"3 M12 C5\n", ErrFileHeader, 8},
		{"2 M201 C5\n", ErrFileHeader, 2},
		{"2 M10000000000000000000 C5\n", ErrFileHeader, 2},
		{"2 M1e C\n", ErrFileHeader, 6},
		{"2 M1e Cxyz\n", ErrFileHeader, 6},
		{"2 M1e C5\r\n", ErrFileHeader, 6},
		{"2 M1e C-5\n", ErrFileHeader, 6},
		{"2 M1e " + xs('x', 600), ErrFileHeader, 0},
		{"2 M1e " + xs('x', 600) + "\n", ErrFileHeader, 0},
	} {
		_, err := ParseFileHeader([]byte(c.line))
		requireFault(t, err, c.kind, c.offset, c.line)
	}
}

// requireFault looks at the kind, the place and the group of a FormatError.
func requireFault(t *testing.T, err error, kind error, offset int64, args ...any) {
	t.Helper()
	var f *FormatError
	require.ErrorAs(t, err, &f, args...)
	require.ErrorIs(t, err, kind, args...)
	require.Equal(t, offset, f.Offset, err.Error())
	if kind == ErrTruncated {
		require.NotErrorIs(t, err, ErrCorrupt)
	} else {
		require.ErrorIs(t, err, ErrCorrupt)
		require.NotErrorIs(t, err, ErrTruncated)
	}
}

func TestFileHeaderThatCannotBeWritten(t *testing.T) {
	good := NewFileHeader(3, time.Unix(created, 0))
	require.Equal(t, "3 M13 C5f3c2a10\n", good.line())
	for name, change := range map[string]func(*FileHeader){
		"LF in a word":       func(h *FileHeader) { h.Words = append(h.Words, "x\ny") },
		"size contradicts":   func(h *FileHeader) { h.MessageHeaderSize++ },
		"time contradicts":   func(h *FileHeader) { h.Created++ },
		"version 4":          func(h *FileHeader) { h.Version = 4 },
		"negative time":      func(h *FileHeader) { *h = NewFileHeader(2, time.Unix(-1, 0)) },
		"line out of bounds": func(h *FileHeader) { h.Words = append(h.Words, xs('x', 600)) },
	} {
		h := good
		h.Words = append([]string(nil), good.Words...)
		change(&h)
		out, err := h.Append([]byte("kept"))
		require.ErrorIs(t, err, ErrFileHeader, name)
		require.Equal(t, "kept", string(out))
	}
}
