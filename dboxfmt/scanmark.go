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
// fixed distance. One byte more is wrong in most imitations: the LF before a
// version 2 block, the first digit of a size, the first byte of a separator.
type shapes struct {
	h                 FileHeader
	headerLF, blockLF int // index of the LF behind 01 02 and behind 01 03
	header, block     shape
}

func shapesOf(h FileHeader) shapes {
	s := shapes{h: h, headerLF: h.MessageHeaderSize - 1, blockLF: len(blockMagic)}
	if h.Version == 3 {
		s.blockLF = h.MessageHeaderSize + sizeDigits - 1
	}
	s.header = shape{[3]byte{1, 2, '\n'}, [3]int{0, 1, s.headerLF}, &hexByte, sizeAt}
	s.block = shape{[3]byte{1, 3, '\n'}, [3]int{0, 1, s.blockLF}, &lfByte, -1}
	if h.Version == 3 {
		s.header.set, s.header.setAt = &separatorByte, len(messageMagic)
		s.block.set, s.block.setAt = &separatorByte, len(messageMagic)
	}
	return s
}

// hexByte and lfByte are sets of bytes.
var (
	hexByte = func() (in [256]bool) {
		for c := range in {
			_, in[c] = hexDigit(byte(c))
		}
		return in
	}()
	lfByte = [256]bool{'\n': true}
)

// maxMark is more than the length of any marker in bytes.
const maxMark = 1 << 10

// kinds says which markers are looked for.
type kinds uint8

const (
	onlyBlocks kinds = 1 << iota
	onlyHeaders
	allMarks = onlyBlocks | onlyHeaders
)

// next is the index at or after i of the next marker in p, by its shape; len(p)
// if there is none.
func (s *shapes) next(p []byte, i int, which kinds) int {
	switch which {
	case onlyBlocks:
		return s.block.next(p, i)
	case onlyHeaders:
		return s.header.next(p, i)
	}
	return nextOfBoth(&s.header, &s.block, p, i)
}

// shape is three bytes at fixed distances from a place, the first at none, and
// perhaps a set that one byte more is in.
type shape struct {
	is    [3]byte
	at    [3]int
	set   *[256]bool
	setAt int
}

// next is the index at or after i of the next place in p that has the shape;
// len(p) if there is none. It looks at eight places at once, so that the cost of
// a byte does not depend on how many of the first there are.
func (s *shape) next(p []byte, i int) int {
	reach := max(s.at[1], s.at[2], s.setAt) + stretch
	a, b, c := everyByte*uint64(s.is[0]), everyByte*uint64(s.is[1]), everyByte*uint64(s.is[2])
	for ; i+reach <= len(p); i = s.skip(p, i+stretch) {
		x, y, z := (*places)(p[i:]), (*places)(p[i+s.at[1]:]), (*places)(p[i+s.at[2]:])
		for k := 0; k < stretch; k += 8 {
			// Of more than one place that may have it only the first is sure.
			hits := zeros((eight(x, k) ^ a) | (eight(y, k) ^ b) | (eight(z, k) ^ c))
			for ; hits != 0; hits &= hits - 1 {
				if at := i + k + bits.TrailingZeros64(hits)/8; s.match(p, at) {
					return at
				}
			}
		}
	}
	for i = s.skip(p, min(i, len(p))); i < len(p) && !s.match(p, i); i = s.skip(p, i+1) {
	}
	return i
}

// match says whether p[i] has the shape.
func (s *shape) match(p []byte, i int) bool {
	return i+max(s.at[1], s.at[2], s.setAt) < len(p) && p[i] == s.is[0] && p[i+s.at[1]] == s.is[1] && p[i+s.at[2]] == s.is[2] &&
		(s.set == nil || i+s.setAt >= 0 && s.set[p[i+s.setAt]])
}

// skip is the index at or after i of the next first byte; len(p) if there is
// none.
func (s *shape) skip(p []byte, i int) int {
	n := bytes.IndexByte(p[i:], s.is[0])
	if n < 0 {
		return len(p)
	}
	return i + n
}

// nextOfBoth is next for either of two shapes that begin with 01, one with 02
// behind it and one with 03.
func nextOfBoth(header, block *shape, p []byte, i int) int {
	reach := max(header.at[2], header.setAt, block.at[2], block.setAt) + stretch
	for ; i+reach <= len(p); i = header.skip(p, i+stretch) {
		x, y := (*places)(p[i:]), (*places)(p[i+1:])
		h, b := (*places)(p[i+header.at[2]:]), (*places)(p[i+block.at[2]:])
		for k := 0; k < stretch; k += 8 {
			first, second := eight(x, k)^everyByte, eight(y, k)^(2*everyByte)
			if zeros(first|(second&^everyByte)) == 0 {
				continue
			}
			hits := zeros(first | second | (eight(h, k) ^ everyLF))
			hits |= zeros(first | (second ^ everyByte) | (eight(b, k) ^ everyLF))
			for ; hits != 0; hits &= hits - 1 {
				if at := i + k + bits.TrailingZeros64(hits)/8; header.match(p, at) || block.match(p, at) {
					return at
				}
			}
		}
	}
	for i = header.skip(p, min(i, len(p))); i < len(p) && !header.match(p, i) && !block.match(p, i); i = header.skip(p, i+1) {
	}
	return i
}

// stretch is how many places are looked at before the next first byte is looked
// for. places are the bytes at them, or at a fixed distance from them.
const stretch = 256

type places = [stretch]byte

func eight(p *places, k int) uint64 { return binary.LittleEndian.Uint64(p[k : k+8]) }

const (
	everyByte = 0x0101010101010101
	everyLF   = everyByte * '\n'
)

// zeros is 0 if no byte of x is. Otherwise its lowest bit is in the first that is.
func zeros(x uint64) uint64 { return (x - everyByte) &^ x & (everyByte << 7) }

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
	m.sep = p[i+len(messageMagic):][:s.h.MessageHeaderSize-headerFrameV3]
	if !isSeparator(m.sep) {
		return m, false
	}
	if !m.block {
		return m, true
	}
	m.size, ok = hex16(p[i+s.blockLF-sizeDigits:])
	return m, ok
}

// headerAt says whether p starts with a message header by its form.
func (s *shapes) headerAt(p []byte) (mark, bool) {
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

// isSeparator says whether all of p can be in a separator.
func isSeparator(p []byte) bool {
	var bad byte
	for _, c := range p {
		bad |= notSeparator[c]
	}
	return bad == 0
}

// notSeparator is separatorByte for counting without branches.
var notSeparator = func() (bad [256]byte) {
	for c := range bad {
		if !separatorByte[c] {
			bad[c] = 1
		}
	}
	return bad
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
	digits := p[:sizeDigits]
	if string(digits[:8]) == "00000000" {
		digits = digits[8:] // of nearly all sizes
	}
	var v uint64
	var bad byte
	for _, c := range digits {
		d := hexValue[c]
		bad |= d
		v = v<<4 | uint64(d&15)
	}
	return int64(v), bad < 16 && int64(v) >= 0
}
