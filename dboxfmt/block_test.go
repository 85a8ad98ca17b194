package dboxfmt

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// block3 closes the items with an L that is right.
func block3(items string) string {
	head := "\x01\x03" + sep + "000000000000000f\n" + items
	return head + fmt.Sprintf("L%08x\n\n", len(head)+11)
}

func TestParseBlock(t *testing.T) {
	for _, c := range []struct {
		h    FileHeader
		data string
		want Metadata
	}{
		{v2, "\n\x01\x03\n\n", nil},
		{v2, "\n\x01\x03\nR5\nG\nz1\x01\xff\nz2\n\n", Metadata{{'R', "5"}, {'G', ""}, {'z', "1\x01\xff"}, {'z', "2"}}},
		{v2, "\n\x01\x03\nR5\n    \n", Metadata{{'R', "5"}}},
		{v2, "\n\x01\x03\nR5\n\x00x\n", Metadata{{'R', "5"}}},
		{v1, "\n\x01\x03\nE0\nF00010\n" + xs(' ', 64) + "\n", Metadata{{'E', "0"}, {'F', "00010"}}},
		{v3, block3(""), Metadata{{'L', "0000002e"}}},
		{v3, block3("R5\nQ x\n"), Metadata{{'R', "5"}, {'Q', " x"}, {'L', "00000035"}}},
	} {
		b, err := ParseBlock(c.h, []byte(c.data))
		require.NoError(t, err, "%q", c.data)
		require.Equal(t, c.want, b.Metadata)
		require.EqualValues(t, len(c.data), b.length)
		var end blockEnd
		for n := range len(c.data) {
			require.Zero(t, end.find(c.h, []byte(c.data[:n])), "%q has its end at %d", c.data, n)
		}
		require.Equal(t, len(c.data), end.find(c.h, []byte(c.data+"more\n\n")))
	}
}

func TestBadBlock(t *testing.T) {
	big := xs('x', maxBlock)
	for _, c := range []struct {
		h      FileHeader
		data   string
		kind   error
		offset int64
	}{
		{v2, "", ErrTruncated, 0},
		{v2, "\n\x01", ErrTruncated, 2},
		{v2, "\n\x01\x03\nR5\nG", ErrTruncated, 8},
		{v2, "\n\x01\x03\nR5\n", ErrTruncated, 7},
		{v2, "\n\x01\x02\nR5\n\n", ErrMetadata, 0},
		{v2, "R5\n\n", ErrMetadata, 0},
		{v2, "\n\x01\x03\nR5\n\x01\x02N\n\n", ErrMetadata, 7},
		{v2, "\n\x01\x03\nR5\n\nG6\n\n", ErrMetadata, 8},
		{v2, "\n\x01\x03\nR" + big + "\n\n", ErrMetadata, 0},
		{v3, block3("R5\n")[:30], ErrTruncated, 30},
		{v3, block3("R5\n")[:48], ErrTruncated, 48},
		{v3, "\x01\x03" + sep + "000000000000000g\nL0000002e\n\n", ErrMetadata, 18},
		{v3, "\x01\x03" + sep + "000000000000000fXL0000002e\n\n", ErrMetadata, 18},
		{v3, "\x01\x03" + sep + "000000000000000f\n\n", ErrMetadata, 35},
		{v3, "\x01\x03" + sep + "000000000000000f\nR5\n\n", ErrMetadata, 38},
		{v3, "\x01\x03" + sep + "000000000000000f\nL0000002f\n\n", ErrMetadata, 35},
		{v3, "\x01\x03" + sep + "000000000000000f\nL2e\n\n", ErrMetadata, 35},
		{v3, "\x01\x03" + sep + "000000000000000f\nL0000002e\nR5\n\n", ErrMetadata, 45},
		{v3, block3(" 5\n"), ErrMetadata, 35},
		{v3, block3("\x005\n"), ErrMetadata, 35},
		{v3, block3("R5\n") + "\n", ErrMetadata, 49},
	} {
		_, err := ParseBlock(c.h, []byte(c.data))
		requireFault(t, err, c.kind, c.offset, "%.60q", c.data)
	}
}

func TestBlockRoundTrip(t *testing.T) {
	meta := Metadata{{'z', "odd \x00\r\xfe"}, {'R', "5"}, {'z', ""}, {0x7f, "x"}, {0xff, "y"}}
	for _, h := range []FileHeader{v2, v3} {
		b := Block{Separator: sep, BodySize: 15, Metadata: meta}
		data, err := b.Append([]byte("before"), h)
		require.NoError(t, err)
		back, err := ParseBlock(h, data[len("before"):])
		require.NoError(t, err)
		require.Equal(t, meta, back.Metadata[:len(meta)])
	}
}

func TestBlockThatCannotBeWritten(t *testing.T) {
	for _, h := range []FileHeader{v2, v3} {
		for _, item := range []Item{{' ', "x"}, {0, "x"}, {'\n', ""}, {1, "\x02"}, {'Q', "a\nb"}, {'Q', xs('x', maxBlock-6)}} {
			out, err := Block{Separator: sep, Metadata: Metadata{item}}.Append([]byte("kept"), h)
			require.ErrorIs(t, err, ErrItem, "%.20q", item.Value)
			require.Equal(t, "kept", string(out))
		}
	}
	largest, err := Block{Metadata: Metadata{{'Q', xs('x', maxBlock-7)}}}.Append(nil, v2)
	require.NoError(t, err)
	require.Len(t, largest, maxBlock)
	_, err = ParseBlock(v2, largest)
	require.NoError(t, err)
	_, err = Block{Separator: sep, Metadata: Metadata{{'L', "0000006f"}}}.Append(nil, v3)
	require.ErrorIs(t, err, ErrItem)
}
