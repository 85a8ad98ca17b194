package dboxfmt

import (
	"bytes"
	"fmt"
)

// ownSearch looks for the separator of a version 3 wreck, which occurs once
// more in the file unless its metadata block is lost, whatever is around it.
type ownSearch struct {
	sought int64 // how far
	given  bool  // it was found and tried
}

// seekOwn returns where a block must start that has the separator, if the
// separator starts before an offset.
func (g *gap) seekOwn(upTo int64) (block int64, found bool, err error) {
	const piece = 64 << 10
	sep := []byte(g.sep)
	for g.own.sought < upTo {
		from := g.own.sought
		n := min(piece, upTo-from)
		p, err := g.bytes(from, n+int64(len(sep))-1)
		if err != nil {
			return 0, false, err
		}
		if i := bytes.Index(p, sep); i >= 0 {
			return max(g.body, from+int64(i)-int64(len(blockMagic))), true, nil
		}
		g.own.sought += n
	}
	return 0, false, nil
}

// closePaired: a version 3 block belongs to a header by its separator and by
// its size; one of both is enough.
func (g *gap) closePaired(m mark) ([]Range, error) {
	w := g.wreck
	switch {
	case w.sep != "" && w.sep == string(m.sep):
		return g.closed(g.start, w, m.at, sizeReason(w, m))
	case g.leads(m.start):
		w.body, w.sep = max(g.start, m.start+int64(g.h.MessageHeaderSize)), string(m.sep)
		w.ill = "the separators of header and metadata block differ"
		if g.form != wholeHeader {
			w.ill = "the message header is damaged"
		}
		return g.closed(g.start, w, m.at, "")
	}
	// Others are real only if they are whole.
	end, whole := g.isWhole(m)
	if !whole {
		return nil, nil
	}
	if m.start > g.start {
		switch alike, err := g.resembles(m.start, m.sep); {
		case err != nil:
			return nil, err
		case alike:
			return g.splitPaired(m)
		}
	}
	return g.closeForeign(m, end)
}

func sizeReason(w wreck, m mark) string {
	if m.size == m.at-w.body {
		return ""
	}
	return "the size in the metadata block is not that of the body"
}

// splitPaired: the block belongs to a damaged header further on.
func (g *gap) splitPaired(m mark) ([]Range, error) {
	w := wreck{
		form: damagedHeader, body: m.start + int64(g.h.MessageHeaderSize), size: UnknownSize, sep: string(m.sep),
		kind: unknownMessageType, ill: "the message header is damaged",
	}
	second, err := g.closed(m.start, w, m.at, "")
	if len(second) == 0 || err != nil {
		return nil, err
	}
	first, err := g.endAt(m.start)
	return append(first, second...), err
}

// closeForeign is for a whole block whose own header is nowhere. It may have
// been put into a body.
func (g *gap) closeForeign(m mark, end int64) ([]Range, error) {
	w := g.wreck
	if g.form == noHeader {
		w.sep, w.ill = string(m.sep), "the message header is lost"
		return g.closed(g.start, w, m.at, "")
	}
	next, err := g.recognize(end)
	if err != nil || next.form == noHeader && end < g.src.Size {
		return nil, err
	}
	return g.closed(g.start, w, m.at, "the metadata block belongs to another message")
}

// closeFromEnd is for a version 3 block whose start is damaged: the L right
// before an offset still leads to it.
func (g *gap) closeFromEnd(end int64) ([]Range, error) {
	if g.sep == "" || end-g.body < lengthItem {
		return nil, nil
	}
	item, err := g.bytes(end-lengthItem, lengthItem)
	if err != nil || !isLengthItem(item) {
		return nil, err
	}
	length, _ := parseHex(item[1 : 1+lengthDigits])
	block := end - length
	if length > maxBlock || block < g.body {
		return nil, nil
	}
	want := blockMagic + g.sep + fmt.Sprintf("%016x\n", block-g.body)
	head, err := g.bytes(block, int64(len(want)))
	if err != nil || !halfSame(head, want) {
		return nil, err
	}
	return g.closed(g.start, g.wreck, block, "")
}
