package dboxfmt

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	v1 = FileHeader{Version: 1, MessageHeaderSize: 30, Words: []string{"M1e"}}
	v2 = FileHeader{Version: 2, MessageHeaderSize: 30, Words: []string{"M1e"}}
	v3 = FileHeader{Version: 3, MessageHeaderSize: 19, Words: []string{"M13"}}
)

const sep = "Zq3-vT0aB_9xKc7L"

func TestParseMessageHeader(t *testing.T) {
	long2, long3 := v2, v3
	long2.MessageHeaderSize, long3.MessageHeaderSize = 34, 23
	for _, c := range []struct {
		h    FileHeader
		data string
		want MessageHeader
	}{
		{v2, "\x01\x02N          0000000000000092\n", MessageHeader{Type: 'N', Size: 0x92}},
		{v2, "\x01\x02N          00000000000000aF\nbody", MessageHeader{Type: 'N', Size: 0xaf}},
		{v2, "\x01\x02X__________7fffffffffffffff\n", MessageHeader{Type: 'X', Size: 1<<63 - 1}},
		{v1, "\x01\x02E 0000001f 0000000000000000\n", MessageHeader{Type: 'E', UID: 31}},
		{v1, "\x01\x02N FFFFffff 0000000000000001\n", MessageHeader{Type: 'N', UID: 1<<32 - 1, Size: 1}},
		{long2, "\x01\x02N          0000000000000092 abc\n", MessageHeader{Type: 'N', Size: 0x92}},
		{v3, "\x01\x02" + sep + "\n", MessageHeader{Type: 'N', Size: UnknownSize, Separator: sep}},
		{long3, "\x01\x02" + sep + "1234\nbody", MessageHeader{Type: 'N', Size: UnknownSize, Separator: sep + "1234"}},
	} {
		m, err := ParseMessageHeader(c.h, []byte(c.data))
		require.NoError(t, err, c.data)
		require.Equal(t, c.want, m)
	}
}

func TestMessageHeaderRoundTrip(t *testing.T) {
	m := MessageHeader{Size: 0x7ab}
	require.Equal(t, "\x01\x02N          00000000000007AB\n", string(m.append(nil, v2)))
	long := v2
	long.MessageHeaderSize = 33
	require.Equal(t, "\x01\x02N          00000000000007AB   \n", string(m.append(nil, long)))
}

func TestBadMessageHeader(t *testing.T) {
	for _, c := range []struct {
		h      FileHeader
		data   string
		kind   error
		offset int64
	}{
		{v2, "", ErrTruncated, 0},
		{v2, "\x01", ErrTruncated, 1},
		{v2, "\x01\x02N          0000000000000092", ErrTruncated, 29},
		{v3, "\x01\x02" + sep, ErrTruncated, 18},
		{v2, "\x81", ErrMessageHeader, 0},
		{v2, "\x01\x03N          0000000000000092\n", ErrMessageHeader, 0},
		{v2, xs(0, 30), ErrMessageHeader, 0},
		{v2, "\x01\x02N          0000000000000092 ", ErrMessageHeader, 29},
		{v2, "\x01\x02N          00000000000zzzzz\n", ErrMessageHeader, 13},
		{v2, "\x01\x02N          8000000000000000\n", ErrMessageHeader, 13},
		{v2, "\x01\x02N                        92\n", ErrMessageHeader, 13},
		{v2, "\x01\x02N          -000000000000092\n", ErrMessageHeader, 13},
		{v3, "\x01\x02" + sep + " ", ErrMessageHeader, 18},
		{v3, "\x01\x02" + sep[:15] + "+\n", ErrMessageHeader, 17},
		{v3, "\x01\x02" + sep[:10] + "\n" + sep[11:] + "\n", ErrMessageHeader, 12},
	} {
		_, err := ParseMessageHeader(c.h, []byte(c.data))
		requireFault(t, err, c.kind, c.offset, "%q", c.data)
	}
	_, err := ParseMessageHeader(v2, make([]byte, 30))
	require.ErrorContains(t, err, "never completed")
}
