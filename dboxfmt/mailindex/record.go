package mailindex

import "encoding/binary"

// Kind says what a log record changes.
type Kind uint32

const (
	KindBoundary     Kind = 0x00080000
	KindAppend       Kind = 0x00000002
	KindExpunge      Kind = 0x0000cd91
	KindExpungeGUID  Kind = 0x0000ed90
	KindFlags        Kind = 0x00000004
	KindHeader       Kind = 0x00000020
	KindExtIntro     Kind = 0x00000040
	KindExtReset     Kind = 0x00000080
	KindExtHeader    Kind = 0x00000100
	KindExtHeader32  Kind = 0x00010000
	KindExtRecord    Kind = 0x00000200
	KindExtIncrement Kind = 0x00001000
	KindKeyword      Kind = 0x00000400
	KindKeywordReset Kind = 0x00000800
	KindModSeq       Kind = 0x00008000
	KindDeleted      Kind = 0x00020000
	KindUndeleted    Kind = 0x00040000
	KindAttributes   Kind = 0x00100000
)

// Bits of a record's type besides its kind.
const (
	typeExternal = 0x10000000 // done already, nothing for storage to do
	typeSync     = 0x20000000
	typeKind     = 0x0fffffff
)

// Record is a record of a log: u32 size in offset encoding, u32 type, payload.
type Record struct {
	Kind     Kind
	External bool   // done already
	Payload  []byte // belongs to whoever gave the bytes
}

// recordHeader is the size of what comes before the payload.
const recordHeader = 8

// maxSpan bounds a record, and what one boundary spans.
const maxSpan = 256 << 20

// DecodeRecord reads the record at the start of b, and how many bytes it has.
// 0 bytes without an error: it is not there yet, or not all of it; then need is
// how many bytes there have to be, or 0 if its size has not been written.
func DecodeRecord(b []byte) (r Record, n, need int, err error) {
	if len(b) < recordHeader {
		return r, 0, recordHeader, nil
	}
	size := DecodeOffset([4]byte(b))
	t := binary.LittleEndian.Uint32(b[4:])
	switch {
	case size == 0 || t&typeKind == 0: // no kind: a crash has lost the block that it was in
		return r, 0, 0, nil
	case size < recordHeader:
		return r, 0, 0, corrupt(0, "record of %d bytes", size)
	case size > maxSpan:
		return r, 0, 0, corrupt(0, "record of %d bytes: longer than is read", size)
	case int(size) > len(b):
		return r, 0, int(size), nil
	}
	return Record{Kind(t & typeKind), t&typeExternal != 0, b[recordHeader:size]}, int(size), 0, nil
}

// span is what one boundary record holds together, or a record without one.
type span struct {
	records []byte // without the boundary record
	start   int    // of records, from the start of the span
	length  int    // with it
}

// decodeSpan reads the span at the start of b. Length 0 without an error: it is
// not all there; then need is as for DecodeRecord.
func decodeSpan(b []byte) (s span, need int, err error) {
	r, n, need, err := DecodeRecord(b)
	switch {
	case err != nil || n == 0:
		return span{}, need, err
	case r.Kind != KindBoundary:
		return span{b[:n], 0, n}, 0, nil
	case len(r.Payload) != 4:
		return span{}, 0, corrupt(0, "boundary of %d bytes", n)
	}
	total := binary.LittleEndian.Uint32(r.Payload)
	switch {
	case total == 0: // lost like a kind
		return span{}, 0, nil
	case int64(total) < int64(n) || total%4 != 0:
		return span{}, 0, corrupt(8, "boundary around %d bytes", total)
	case total > maxSpan:
		return span{}, 0, corrupt(8, "boundary around %d bytes: longer than is read", total)
	case int(total) > len(b):
		return span{}, int(total), nil
	}
	s = span{b[n:total], n, int(total)}
	return s, 0, s.check()
}

// check makes sure that all records of a span are complete, before one of them
// counts. Space that has not been written may be among them after a crash.
func (s *span) check() error {
	for at := 0; at < len(s.records); {
		r, n, need, err := DecodeRecord(s.records[at:])
		switch {
		case err != nil:
			return placed(err, "", int64(s.start+at))
		case n == 0 && need == 0:
			*s = span{}
			return nil
		case n == 0:
			return corrupt(int64(s.start+at), "record of %d bytes reaches over its boundary", need)
		case r.Kind == KindBoundary:
			return corrupt(int64(s.start+at), "boundary within a boundary")
		}
		at += n
	}
	return nil
}

// appendRecord appends a record; payload appends what belongs in it, which is
// padded to four bytes.
func appendRecord(dst []byte, kind Kind, external bool, payload func([]byte) []byte) []byte {
	start := len(dst)
	t := uint32(kind)
	if external {
		t |= typeExternal
	}
	dst = binary.LittleEndian.AppendUint32(append(dst, 0, 0, 0, 0), t)
	dst = payload(dst)
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	size := EncodeOffset(uint32(len(dst) - start))
	copy(dst[start:], size[:])
	return dst
}
