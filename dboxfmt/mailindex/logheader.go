package mailindex

import "encoding/binary"

// Sizes and versions of a transaction log.
const (
	LogMajorVersion = 1
	LogMinorVersion = 3
	LogHeaderSize   = 40
	minLogHeader    = 24
	maxLogHeader    = 4096
)

// LogHeader is the header of a transaction log.
//
//	 0 u8  major            1 u8  minor    2 u16 header size
//	 4 u32 index id         8 u32 sequence
//	12 u32 sequence and 16 u32 length of the log before; 0 0: the index starts here
//	20 u32 creation, Unix seconds
//	24 u64 modification sequence at the start
//	32 u8  1: little-endian, 7 bytes unused
type LogHeader struct {
	Size       int // bytes of the header
	IndexID    uint32
	Seq        uint32
	PrevSeq    uint32
	PrevOffset uint32
	Created    uint32
	ModSeq     uint64
}

// DecodeLogHeader reads the start of a log.
func DecodeLogHeader(b []byte) (h LogHeader, err error) {
	if len(b) < minLogHeader {
		return h, corrupt(0, "the log header ends after %d bytes", len(b))
	}
	le := binary.LittleEndian
	h = LogHeader{
		Size: int(le.Uint16(b[2:])), IndexID: le.Uint32(b[4:]), Seq: le.Uint32(b[8:]),
		PrevSeq: le.Uint32(b[12:]), PrevOffset: le.Uint32(b[16:]), Created: le.Uint32(b[20:]), ModSeq: 1,
	}
	switch {
	case b[0] != LogMajorVersion:
		return h, damage(ErrForeign, 0, "major version %d, not %d", b[0], LogMajorVersion)
	case h.Size < minLogHeader || h.Size > maxLogHeader || h.Size%4 != 0:
		return h, corrupt(2, "log header of %d bytes", h.Size)
	case len(b) < min(h.Size, LogHeaderSize):
		return h, corrupt(0, "the log header ends after %d bytes", len(b))
	case h.Size > 32 && b[32]&1 == 0:
		return h, damage(ErrForeign, 32, "not little-endian")
	case h.IndexID == 0:
		return h, damage(ErrMarked, 4, "index id 0")
	case h.Seq == 0:
		return h, corrupt(8, "sequence 0")
	}
	if h.Size >= 32 {
		h.ModSeq = max(1, le.Uint64(b[24:]))
	}
	return h, nil
}

// AppendLogHeader appends the header; h.Size is taken to be LogHeaderSize.
func AppendLogHeader(dst []byte, h LogHeader) []byte {
	le := binary.LittleEndian
	dst = append(dst, LogMajorVersion, LogMinorVersion)
	dst = le.AppendUint16(dst, LogHeaderSize)
	for _, v := range []uint32{h.IndexID, h.Seq, h.PrevSeq, h.PrevOffset, h.Created} {
		dst = le.AppendUint32(dst, v)
	}
	dst = le.AppendUint64(dst, h.ModSeq)
	return append(dst, 1, 0, 0, 0, 0, 0, 0, 0)
}
