package dboxfmt

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// mark is a place that has the form of a message header or of the start of a
// metadata block. Whether it is one is another question.
type mark struct {
	at    int64
	block bool
	size  int64  // of the body: versions 1 and 2 in a header, version 3 in a block
	sep   []byte // version 3; valid until the next mark is looked for
	start int64  // version 3, block: where the header must be, if size is true
}

// shapes says how markers of a file look: 01, then 02 or 03, and an LF at a
// fixed distance.
type shapes struct {
	h                 FileHeader
	headerLF, blockLF int // index of the LF behind 01 02 and behind 01 03
}

func shapesOf(h FileHeader) shapes {
	s := shapes{h: h, headerLF: h.MessageHeaderSize - 1, blockLF: len(blockMagic)}
	if h.Version == 3 {
		s.blockLF = h.MessageHeaderSize + sizeDigits - 1
	}
	return s
}

// maxMark is more than the length of any marker in bytes.
const maxMark = 1 << 10

// kinds says which markers are looked for.
type kinds uint8

const (
	onlyBlocks kinds = 1 << iota
	onlyHeaders
	allMarks = onlyBlocks | onlyHeaders
)

// next is the index at or after i of the next marker in p, by its first two
// bytes and its LF; len(p) if there is none. It looks at eight places at once,
// so that the cost of a byte does not depend on how many 01 there are.
func (s *shapes) next(p []byte, i int, which kinds) int {
	reach := max(s.headerLF, s.blockLF) + 8
	for {
		found := bytes.IndexByte(p[i:], messageMagic[0])
		if found < 0 {
			return len(p)
		}
		i += found
		for stop := i + 256; i < stop; i += 8 {
			if i+reach > len(p) {
				return s.nextInTail(p, i, which)
			}
			// Byte k of all is 0 where byte k of its three parts is what it should
			// be: 01, the second byte of the magic, LF.
			w := p[i : i+reach]
			first := differ(w, messageMagic[0])
			second := w[1:]
			hits := uint64(0)
			if which&onlyBlocks != 0 {
				hits = zeros(first | differ(second, blockMagic[1]) | differ(w[s.blockLF:], '\n'))
			}
			if which&onlyHeaders != 0 {
				hits |= zeros(first | differ(second, messageMagic[1]) | differ(w[s.headerLF:], '\n'))
			}
			if hits != 0 {
				return i + bits.TrailingZeros64(hits)/8
			}
		}
	}
}

const everyByte = 0x0101010101010101

// differ has a 0 for each of the first eight bytes of p that is c.
func differ(p []byte, c byte) uint64 {
	return binary.LittleEndian.Uint64(p) ^ everyByte*uint64(c)
}

// zeros is 0 if no byte of x is. Otherwise its lowest bit is in the first that is.
func zeros(x uint64) uint64 { return (x - everyByte) &^ x & (everyByte << 7) }

func (s *shapes) nextInTail(p []byte, i int, which kinds) int {
	for ; i+1 < len(p); i++ {
		isBlock, isHeader := p[i+1] == blockMagic[1], p[i+1] == messageMagic[1]
		lf := s.headerLF
		if isBlock {
			lf = s.blockLF
		}
		wanted := isBlock && which&onlyBlocks != 0 || isHeader && which&onlyHeaders != 0
		if wanted && p[i] == messageMagic[0] && i+lf < len(p) && p[i+lf] == '\n' {
			return i
		}
	}
	return len(p)
}

// parse looks at the rest of the marker that next has found at p[i].
func (s *shapes) parse(p []byte, i int) (m mark, ok bool) {
	m.block = p[i+1] == blockMagic[1]
	switch {
	case s.h.Version < 3 && m.block:
		// Its LF belongs to it.
		m.at = int64(i) - 1
		return m, i > 0 && p[i-1] == '\n'
	case s.h.Version < 3:
		m.at = int64(i)
		m.size, ok = hex16(p[i+sizeAt:])
		return m, ok
	}
	m.at = int64(i)
	sep := p[i+len(messageMagic):][:s.h.MessageHeaderSize-headerFrameV3]
	for _, c := range sep {
		if !separatorByte[c] {
			return m, false
		}
	}
	m.sep = sep
	if !m.block {
		return m, true
	}
	m.size, ok = hex16(p[i+s.blockLF-sizeDigits:])
	return m, ok
}

// header says whether p starts with a message header by its form.
func (s *shapes) header(p []byte) (mark, bool) {
	if len(p) <= s.headerLF || string(p[:2]) != messageMagic || p[s.headerLF] != '\n' {
		return mark{}, false
	}
	return s.parse(p, 0)
}

var separatorByte = func() (in [256]bool) {
	for _, c := range []byte(separatorAlphabet) {
		in[c] = true
	}
	return in
}()

var hexValue = func() (value [256]byte) {
	for c := range value {
		value[c] = 0xff
		if d, ok := hexDigit(byte(c)); ok {
			value[c] = d
		}
	}
	return value
}()

// hex16 is parseHex for the 16 digits at the start of p.
func hex16(p []byte) (int64, bool) {
	var v uint64
	var bad byte
	for _, c := range (*[sizeDigits]byte)(p) {
		d := hexValue[c]
		bad |= d
		v = v<<4 | uint64(d&15)
	}
	return int64(v), bad < 16 && int64(v) >= 0
}
