package dboxfmt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMetadataEdits(t *testing.T) {
	m := Metadata{{'q', "1"}, {'G', "first"}, {'G', "second"}}
	v, ok := m.Get('G')
	require.True(t, ok)
	require.Equal(t, "first", v)
	_, ok = m.Get('V')
	require.False(t, ok)

	whole := m.Clone()
	m.Set('G', "new")
	require.Equal(t, Metadata{{'q', "1"}, {'G', "new"}, {'G', "second"}}, m)
	require.Equal(t, "first", whole[1].Value, "Clone shares its items")
	m.Add('q', "2")
	m.Del('G')
	require.Equal(t, Metadata{{'q', "1"}, {'q', "2"}}, m)
	m.Del('q')
	require.Empty(t, m)
}

// TestSetKeepsDovecotsOrder: whatever order Set is called in.
func TestSetKeepsDovecotsOrder(t *testing.T) {
	rng := seeded(t)
	keys := []byte("ZRVPOGBXH")
	for range 50 {
		var m Metadata
		for _, i := range rng.Perm(len(keys)) {
			m.Set(keys[i], "1")
		}
		m.Set('k', "1")
		var got []byte
		for _, item := range m {
			got = append(got, item.Key)
		}
		require.Equal(t, "ZRVPOGBXHk", string(got))
	}
}

func TestTypedItems(t *testing.T) {
	m := Metadata{
		{'Z', "1c03"}, {'R', "6b0485f2"}, {'V', "9a"}, {'P', "uidl 1"}, {'O', "17"}, {'G', "19487206f285046b9a74000083ecc375"},
		{'B', "Entw&APw-rfe"}, {'X', "246 6917 B76 d6/47/x 9000 5 - y 9100 7 CB64 z"}, {'H', "crc32c:49abb0ec"},
		{'E', "1"}, {'F', "00010"}, {'K', "one two"}, {'S', "5f000000"}, {'L', "0000006f"},
	}
	got := func(v any, err error) any { require.NoError(t, err); return v }
	plain, err := m.PlainSize()
	require.EqualValues(t, 0x1c03, got(plain, err))
	received, err := m.Received()
	require.Equal(t, time.Unix(0x6b0485f2, 0), got(received, err))
	virtual, err := m.VirtualSize()
	require.EqualValues(t, 0x9a, got(virtual, err))
	uidl, err := m.POP3UIDL()
	require.Equal(t, "uidl 1", got(uidl, err))
	order, err := m.POP3Order()
	require.EqualValues(t, 17, got(order, err), "POP3 order is decimal")
	guid, err := m.GUID()
	require.Equal(t, "19487206f285046b9a74000083ecc375", got(guid, err))
	id, err := m.GUID128()
	require.Equal(t, [16]byte{0x19, 0x48, 0x72, 0x06, 0xf2, 0x85, 0x04, 0x6b, 0x9a, 0x74, 0, 0, 0x83, 0xec, 0xc3, 0x75}, got(id, err))
	mailbox, err := m.Mailbox()
	require.Equal(t, "Entw&APw-rfe", got(mailbox, err))
	parts, err := m.ExternalParts()
	require.Equal(t, []ExternalPart{{246, 6917, "B76", "d6/47/x"}, {9000, 5, "-", "y"}, {9100, 7, "CB64", "z"}}, got(parts, err))
	sum, err := m.Checksum()
	require.EqualValues(t, 0x49abb0ec, got(sum, err))
	expunged, err := m.Expunged()
	require.Equal(t, true, got(expunged, err))
	flags, err := m.Flags()
	require.Equal(t, [5]bool{false, false, false, true, false}, got(flags, err))
	keywords, err := m.Keywords()
	require.Equal(t, []string{"one", "two"}, got(keywords, err))
	saved, err := m.Saved()
	require.Equal(t, time.Unix(0x5f000000, 0), got(saved, err))
	length, err := m.BlockLength()
	require.EqualValues(t, 111, got(length, err))
}

// accessors calls every typed accessor for its error.
var accessors = map[byte]func(Metadata) error{
	'Z': func(m Metadata) error { _, err := m.PlainSize(); return err },
	'R': func(m Metadata) error { _, err := m.Received(); return err },
	'V': func(m Metadata) error { _, err := m.VirtualSize(); return err },
	'P': func(m Metadata) error { _, err := m.POP3UIDL(); return err },
	'O': func(m Metadata) error { _, err := m.POP3Order(); return err },
	'G': func(m Metadata) error { _, err := m.GUID128(); return err },
	'B': func(m Metadata) error { _, err := m.Mailbox(); return err },
	'X': func(m Metadata) error { _, err := m.ExternalParts(); return err },
	'H': func(m Metadata) error { _, err := m.Checksum(); return err },
	'E': func(m Metadata) error { _, err := m.Expunged(); return err },
	'F': func(m Metadata) error { _, err := m.Flags(); return err },
	'K': func(m Metadata) error { _, err := m.Keywords(); return err },
	'S': func(m Metadata) error { _, err := m.Saved(); return err },
	'L': func(m Metadata) error { _, err := m.BlockLength(); return err },
}

func TestMissingItems(t *testing.T) {
	for key, get := range accessors {
		require.ErrorIs(t, get(nil), ErrNoItem, "%c", key)
	}
}

func TestMalformedItems(t *testing.T) {
	for key, values := range map[byte][]string{
		'Z': {"", "x", "8000000000000000", "-1", " 1"},
		'R': {"", "5f3c2a1g", "11112222333344445"},
		'V': {"", "0x9a"},
		'O': {"", "1f", "4294967296", "-1", "+1"},
		'X': {"", "1 2 -", "1 2 - ", "x 2 - r", "1 -2 - r", "1 2 B r", "1 2 B0 r", "1 2 CBx r", "1 2 D76 r", "1 2 - r ", "1 2 - r 3", "1  2 - r"},
		'H': {"", "crc32c:", "crc32c:49abb0e", "crc32c:049abb0ec", "crc32c:49abb0eg", "49abb0ec", "md5:49abb0ec"},
		'E': {"", "2", "00"},
		'F': {"", "0001", "000100", "0002x"},
		'S': {"", "z"},
		'L': {"", "z"},
	} {
		for _, v := range values {
			err := accessors[key](Metadata{{key, v}})
			require.ErrorIs(t, err, ErrMetadata, "%c%s", key, v)
		}
	}
}

// TestGUIDText: a GUID that is no 128 bits in hex counts by the end of its
// SHA-1, here that of "abc".
func TestGUIDText(t *testing.T) {
	id, err := Metadata{{'G', "abc"}}.GUID128()
	require.NoError(t, err)
	require.Equal(t, [16]byte{0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d}, id)
}

func TestVirtualSize(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "\n": 2, "\r\n": 2, "a\nb\r\nc\r\rd\n\n": 14, "\r": 1, "\n\r": 3} {
		for cut := 0; cut <= len(text); cut++ {
			var v virtualSize
			v.add([]byte(text[:cut]))
			v.add(nil)
			v.add([]byte(text[cut:]))
			require.Equal(t, want, v.total, "%q cut at %d", text, cut)
		}
	}
}
