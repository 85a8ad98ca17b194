package mailindex

// MaxRecordSize is the largest size of a log record that can be told, in bytes.
const MaxRecordSize = 1<<30 - 4

// EncodeOffset returns the four bytes, as they are in the file, that tell the
// size of a log record: seven bits each of size/4, most significant first, bit 7
// set everywhere, so that bytes that have not been written yet are no size. size
// is a multiple of 4 and at most MaxRecordSize.
func EncodeOffset(size uint32) [4]byte {
	n := size / 4
	return [4]byte{0x80 | byte(n>>21), 0x80 | byte(n>>14), 0x80 | byte(n>>7), 0x80 | byte(n)}
}

// DecodeOffset is the reverse; 0 means that the size has not been written.
func DecodeOffset(b [4]byte) uint32 {
	if b[0]&b[1]&b[2]&b[3]&0x80 == 0 {
		return 0
	}
	return (uint32(b[0]&0x7f)<<21 | uint32(b[1]&0x7f)<<14 | uint32(b[2]&0x7f)<<7 | uint32(b[3]&0x7f)) * 4
}
