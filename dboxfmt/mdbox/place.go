package mdbox

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ringbox/ringbox/dboxfmt"
)

// The extensions of the map index and of mailbox indexes, as Dovecot has them.
const (
	extMap = "map" // header: u32 highest file id, u32 rebuild count
	//               record: u32 file id, u32 offset, u32 size
	extRef   = "ref"   // record: u16 mailboxes that the message is in
	extMdbox = "mdbox" // record: u32 map uid, u32 unix time of saving
	extGUID  = "guid"  // record: 16 bytes
	extBox   = "mdbox-hdr"
	// extBox header: u32 UIDVALIDITY of the map, 16 bytes GUID of the mailbox,
	// u8 flags, 3 unused
	extPOP3 = "hdr-pop3-uidl" // header: u32 highest uid of a message with a POP3 key

	boxHasPOP3UIDL  = 1
	boxHasPOP3Order = 2
)

// place is where the map says a message is: file, and in it header, body and
// metadata together.
type place struct{ file, offset, size uint32 }

func (p place) end() int64 { return int64(p.offset) + int64(p.size) }

func (p place) extent() dboxfmt.Extent {
	return dboxfmt.Extent{Offset: int64(p.offset), Length: int64(p.size), BodySize: dboxfmt.UnknownSize}
}

func (p place) String() string { return fmt.Sprintf("m.%d at %d", p.file, p.offset) }

func (p place) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, p.file)
	b = binary.LittleEndian.AppendUint32(b, p.offset)
	return binary.LittleEndian.AppendUint32(b, p.size)
}

func parsePlace(b []byte) (p place, ok bool) {
	if len(b) < 12 {
		return p, false
	}
	le := binary.LittleEndian
	p = place{le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:])}
	return p, p.file != 0
}

// placeOf is the place of a message in a file of that number. The map has no
// room for messages, and files, beyond 4 GiB.
func placeOf(file uint32, m *dboxfmt.Message) (place, error) {
	if m.End() > math.MaxUint32 {
		return place{}, fmt.Errorf("mdbox: a message that ends at %d does not fit into the map, which counts up to 4 GiB", m.End())
	}
	return place{file, uint32(m.Offset), uint32(m.Length)}, nil
}

// mailRecord is what a mailbox says about a message besides flags and keywords.
type mailRecord struct {
	mapUID uint32
	saved  uint32 // unix time
	guid   [16]byte
}

func (r mailRecord) bytes() []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, r.mapUID), r.saved)
}

// boxHeader is the extension header of a mailbox.
type boxHeader struct {
	mapValidity uint32
	guid        [16]byte
	flags       byte
}

const boxHeaderSize = 24

func (h boxHeader) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, h.mapValidity)
	b = append(append(b, h.guid[:]...), h.flags, 0, 0, 0)
	return b
}

// parseBoxHeader reads the header; old ones may be cut short after any field.
func parseBoxHeader(b []byte) (h boxHeader, ok bool) {
	if len(b) < 4 {
		return h, false
	}
	var full [boxHeaderSize]byte
	copy(full[:], b)
	h.mapValidity = binary.LittleEndian.Uint32(full[:])
	copy(h.guid[:], full[4:20])
	h.flags = full[20]
	return h, true
}
