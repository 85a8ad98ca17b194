package dboxfmt

import (
	"bytes"
	"strings"
)

// maxLoose leaves room for the items that a repair adds.
const maxLoose = maxBlock - 4<<10

// looseBlock is what can be read of a metadata block that is damaged.
type looseBlock struct {
	meta  Metadata // L left out
	end   int64
	whole bool // the line that ends a block is there, and no line before it is bad
	torn  bool // the file ends in the block
}

// known is how many of the items are there that every message has.
func (b *looseBlock) known() (n int) {
	for _, key := range []byte("RVG") {
		if b.meta.index(key) >= 0 {
			n++
		}
	}
	return n
}

// loose reads what stands where a block starts, up to the end of the block, a
// marker, the next confirmed message, or limit.
func (f *finder) loose(block, limit int64) (looseBlock, error) {
	text, ended, err := f.looseText(block, limit)
	if err != nil {
		return looseBlock{}, err
	}
	next, err := f.headerWithin(text, block)
	if err != nil {
		return looseBlock{}, err
	}
	if next > block {
		text, ended = text[:next-block], false
	}
	b := looseBlock{end: block + int64(len(text))}
	b.torn = !ended && b.end == f.src.Size
	bad := b.parse(f.h.Version, string(text[min(len(text), f.h.blockHeadSize()):]))
	b.whole = ended && !bad
	return b, nil
}

// looseText reads a little first, then more. The bytes are the caller's.
func (f *finder) looseText(block, limit int64) (text []byte, ended bool, err error) {
	for n := int64(4 << 10); ; n *= 16 {
		n = min(n, maxLoose)
		p, err := f.bytes(block, min(n, limit-block))
		if err != nil {
			return nil, false, err
		}
		head := min(len(p), f.h.blockHeadSize())
		end, ended := looseEnd(f.h.Version, p[head:])
		f.work += int64(end)
		if ended || int64(len(p)) < n || n == maxLoose {
			return bytes.Clone(p[:head+end]), ended, nil
		}
	}
}

// looseEnd returns where the block at the start of p ends, and whether it ends
// as it should.
func looseEnd(version int, p []byte) (n int, ended bool) {
	for n < len(p) {
		line, _, complete := bytes.Cut(p[n:], []byte("\n"))
		switch {
		case !complete && len(p) >= maxLoose-maxMessageHeader-sizeDigits:
			return n, false // the rest is no metadata
		case !complete:
			return len(p), false
		case endsBlock(version, line):
			return n + len(line) + 1, true
		case bytes.HasPrefix(line, []byte(blockMagic)):
			return n, false
		}
		n += len(line) + 1
	}
	return n, false
}

// parse takes the lines that are items; bad: some lines are not.
func (b *looseBlock) parse(version int, text string) (bad bool) {
	for len(text) > 0 {
		line, rest, complete := strings.Cut(text, "\n")
		text = rest
		switch {
		case endsBlock(version, line):
		case !complete || !validKey(version, line[0]) || hasMarker(line):
			bad = true
		case version < 3 || line[0] != lengthItemKey:
			if b.meta == nil {
				b.meta = make(Metadata, 0, 4)
			}
			b.meta.Add(line[0], line[1:])
		}
	}
	return bad
}

func hasMarker(line string) bool {
	return strings.IndexByte(line, messageMagic[0]) >= 0 &&
		(strings.Contains(line, messageMagic) || strings.Contains(line, blockMagic))
}
