package mailindex

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// keywordsName is the extension that keeps keywords: their names in its header,
// and a bitmap in every record, bit i of byte i/8 for keyword i.
const keywordsName = "keywords"

// Bounds of the keywords of an index. Each costs every record a bit.
const (
	maxKeywords     = 8 * 2048
	maxKeywordBytes = maxExtHeader / 2
)

// DecodeKeywords reads the header of the keywords extension:
//
//	u32 count
//	count times  u32 unused, u32 offset of the name behind this table
//	names, each with a NUL; what follows is not used
func DecodeKeywords(b []byte) ([]string, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) < 4 {
		return nil, corrupt(0, "keywords header of %d bytes", len(b))
	}
	count := binary.LittleEndian.Uint32(b)
	if count > maxKeywords || int(count) > (len(b)-4)/8 {
		return nil, corrupt(0, "%d keywords in a header of %d bytes", count, len(b))
	}
	table, text := b[4:4+8*count], b[4+8*count:]
	names := make([]string, count)
	for i := range names {
		at := binary.LittleEndian.Uint32(table[8*i+4:])
		if int64(at) >= int64(len(text)) {
			return nil, corrupt(int64(8+8*i), "keyword %d has its name at %d of %d", i, at, len(text))
		}
		end := bytes.IndexByte(text[at:], 0)
		if end <= 0 || end > maxKeywordName {
			return nil, corrupt(int64(8+8*i), "keyword %d has no proper name", i)
		}
		names[i] = string(text[at : int(at)+end])
	}
	return names, nil
}

// maxKeywordName bounds the bytes of a keyword.
const maxKeywordName = 1 << 12

// EncodeKeywords is the reverse.
func EncodeKeywords(names []string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(names)))
	at := 0
	for _, name := range names {
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		at += len(name) + 1
	}
	for _, name := range names {
		b = append(append(b, name...), 0)
	}
	return pad(b, 4)
}

// keywordIndex returns the number of a keyword, or -1. Case does not count.
func keywordIndex(names []string, name string) int {
	for i := range names {
		if strings.EqualFold(names[i], name) {
			return i
		}
	}
	return -1
}

// setBit and hasBit are about a bitmap; bits behind its end are not set.
func setBit(b []byte, i int, on bool) {
	if i/8 >= len(b) {
		return
	}
	if on {
		b[i/8] |= 1 << (i % 8)
	} else {
		b[i/8] &^= 1 << (i % 8)
	}
}

func hasBit(b []byte, i int) bool { return i/8 < len(b) && b[i/8]&(1<<(i%8)) != 0 }
