package mailindex

import "encoding/binary"

// Sizes and versions of the main index file.
const (
	MajorVersion   = 7
	MinorVersion   = 3
	BaseHeaderSize = 120 // bytes; longer ones are read, and written in this size
)

// maxHeader bounds the header of a main index, extensions included.
const maxHeader = 16 << 20

// HeaderFlags are flags of a whole index.
type HeaderFlags uint32

const (
	HeaderCorrupted HeaderFlags = 1 << iota // do not use
	HeaderHaveDirty                         // some record has Dirty
	HeaderFsckd                             // was repaired without its message files: the store should rebuild it
)

// The places of header fields that log records write.
const (
	offsetIndexID     = 16
	offsetUIDValidity = 24
	offsetNextUID     = 28
	offsetFirstRecent = 48
	offsetTail        = 64
	offsetDayStamp    = 84
)

// Header is the base header of a main index.
//
//	 0 u8  major           1 u8  minor            2 u16 base header size
//	 4 u32 header size     8 u32 record size     12 u8  1: little-endian, 3 bytes unused
//	16 u32 index id       20 u32 flags           24 u32 UIDVALIDITY
//	28 u32 next uid       32 u32 messages        36 u32 unused
//	40 u32 seen           44 u32 deleted         48 u32 first recent uid
//	52 u32 first unseen   56 u32 first deleted   60 u32 log sequence
//	64 u32 log tail       68 u32 log head        72 u32 unused
//	76 u32 .log.2 rotated 80 u32 temp scan       84 u32 day stamp
//	88 u32 day first uid, eight of them
type Header struct {
	IndexID        uint32 // equal in the main index and all its logs
	Flags          HeaderFlags
	UIDValidity    uint32
	NextUID        uint32 // at least 1
	Messages       uint32
	Seen           uint32 // messages with the flag
	Deleted        uint32
	FirstRecentUID uint32 // this one and above are \Recent
	FirstUnseen    uint32 // no message below lacks \Seen; 0: not known
	FirstDeleted   uint32 // no message below has \Deleted
	LogSeq         uint32 // the log that Tail and Head are places in
	LogTail        uint32 // before it everything is done in storage as well
	LogHead        uint32 // before it everything is in this index
	LogRotated     uint32 // when .log.2 came to be, in Unix seconds; NoLog2: there is none
	LastTempScan   uint32
	DayStamp       uint32
	DayFirstUID    [8]uint32
}

// NoLog2 is Header.LogRotated when there is no second log.
const NoLog2 = 1<<32 - 1

// frame is the rest of the base header: what describes the file itself.
type frame struct {
	base   int // size of the base header
	header int // of all of it
	record int
}

// DecodeHeader reads a base header. b is the start of a main index.
func DecodeHeader(b []byte) (Header, error) {
	h, _, err := decodeHeader(b)
	return h, err
}

func decodeHeader(b []byte) (h Header, f frame, err error) {
	if len(b) < 16 {
		return h, f, corrupt(0, "the header ends after %d bytes", len(b))
	}
	le := binary.LittleEndian
	f = frame{int(le.Uint16(b[2:])), int(min(le.Uint32(b[4:]), maxHeader+1)), int(min(le.Uint32(b[8:]), maxFields+1))}
	switch {
	case b[0] != MajorVersion:
		return h, f, damage(ErrForeign, 0, "major version %d, not %d", b[0], MajorVersion)
	case b[12]&1 == 0:
		return h, f, damage(ErrForeign, 12, "not little-endian")
	case f.base < 16 || f.base > len(b):
		return h, f, corrupt(2, "base header of %d bytes", f.base)
	case f.header < f.base || f.header > maxHeader:
		return h, f, corrupt(4, "header of %d bytes", le.Uint32(b[4:]))
	case f.record < 8 || f.record > maxFields:
		return h, f, corrupt(8, "records of %d bytes", le.Uint32(b[8:]))
	}
	var full [BaseHeaderSize]byte
	copy(full[:], b[:min(f.base, BaseHeaderSize)])
	h.decodeFields(&full)
	return h, f, h.check()
}

// decodeFields reads what is behind the frame.
func (h *Header) decodeFields(b *[BaseHeaderSize]byte) {
	for i, p := range h.fields() {
		if p != nil {
			*p = binary.LittleEndian.Uint32(b[offsetIndexID+4*i:])
		}
	}
	h.Flags = HeaderFlags(binary.LittleEndian.Uint32(b[20:]))
}

// fields are the fields from the index id on, four bytes each.
func (h *Header) fields() []*uint32 {
	list := []*uint32{
		&h.IndexID, nil, &h.UIDValidity, &h.NextUID, &h.Messages, nil, &h.Seen, &h.Deleted, &h.FirstRecentUID,
		&h.FirstUnseen, &h.FirstDeleted, &h.LogSeq, &h.LogTail, &h.LogHead, nil, &h.LogRotated, &h.LastTempScan, &h.DayStamp,
	}
	for i := range h.DayFirstUID {
		list = append(list, &h.DayFirstUID[i])
	}
	return list
}

func (h *Header) check() error {
	switch {
	case h.Flags&HeaderCorrupted != 0:
		return damage(ErrMarked, 20, "the header says that the index is corrupt")
	case h.IndexID == 0:
		return damage(ErrMarked, offsetIndexID, "index id 0")
	case h.NextUID == 0:
		return corrupt(offsetNextUID, "next uid 0")
	case h.Seen > h.Messages:
		return corrupt(40, "%d messages seen of %d", h.Seen, h.Messages)
	case h.Deleted > h.Messages:
		return corrupt(44, "%d messages deleted of %d", h.Deleted, h.Messages)
	case h.FirstRecentUID > h.NextUID:
		return corrupt(offsetFirstRecent, "first recent uid %d, next uid %d", h.FirstRecentUID, h.NextUID)
	}
	return nil
}

// appendFields appends everything from the index id on.
func (h *Header) appendFields(dst []byte) []byte {
	for i, p := range h.fields() {
		switch {
		case p != nil:
			dst = binary.LittleEndian.AppendUint32(dst, *p)
		case i == 1:
			dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Flags))
		default:
			dst = binary.LittleEndian.AppendUint32(dst, 0)
		}
	}
	return dst
}

// appendHeader appends a base header.
func appendHeader(dst []byte, h *Header, header, record int) []byte {
	dst = append(dst, MajorVersion, MinorVersion)
	dst = binary.LittleEndian.AppendUint16(dst, BaseHeaderSize)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(header))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(record))
	dst = append(dst, 1, 0, 0, 0)
	return h.appendFields(dst)
}
