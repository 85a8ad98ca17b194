package dboxfmt

import "fmt"

// closeSized decides about a block in a version 1 or 2 file, where nothing in it
// says to which header it belongs. V is the best evidence; the next best is what
// follows the block.
func (g *gap) closeSized(m mark) ([]Range, error) {
	if err := g.seekBeyond(m.at); err != nil {
		return nil, err
	}
	if g.beyond > 0 && !g.afford(m.at-g.passed.pos) {
		return g.endAt(g.beyond)
	}
	if hopeless, err := g.hopeless(m.at); hopeless || err != nil {
		return nil, err
	}
	b, err := g.loose(m.at, g.src.Size)
	if err != nil {
		return nil, err
	}
	if err := g.count(m.at); err != nil {
		return nil, err
	}
	switch {
	case g.virtualSizeIs(b, m, g.atBody):
		return g.finish(m, b), nil
	case g.form == noHeader:
		return g.endLost(m, b), nil
	case g.erased > 0 && m.at > g.erased:
		return g.endAt(m.at)
	case g.beyond > 0:
		return g.endAt(g.beyond)
	case g.inner != nil && g.virtualSizeIs(b, m, &g.inner.atBody):
		return g.split(m, b)
	}
	ends, err := g.plausibleEnd(b)
	switch {
	case !ends || err != nil:
		return nil, err
	case g.inner != nil:
		return g.split(m, b)
	}
	return g.finish(m, b), nil
}

// seekBeyond looks for the first header between where the wreck's own says that
// its body ends and upTo.
func (g *gap) seekBeyond(upTo int64) error {
	if g.h.Version == 3 || g.size < 0 || g.beyond > 0 || g.size > g.src.Size-g.body {
		return nil
	}
	for from := max(g.sought, g.body+g.size); from < upTo; {
		m, ok, err := g.firstHeader(from, upTo)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		before, err := g.bytes(m.at-1, 1)
		if err != nil {
			return err
		}
		if before[0] == '\n' {
			g.beyond = m.at
			return nil
		}
		from = m.at + 1
	}
	g.sought = max(g.sought, upTo)
	return nil
}

// count counts up to a block, and notes the last header before it.
func (g *gap) count(block int64) error {
	from := g.passed.pos
	if lost := g.lostBody(); g.form == noHeader && from <= lost && lost <= block {
		if err := g.countTo(lost); err != nil {
			return err
		}
		at := g.passed
		g.atLost = &at
	}
	if g.form != noHeader {
		head, ok, err := g.lastHeader(from, block)
		if err != nil {
			return err
		}
		if body := head + int64(g.h.MessageHeaderSize); ok && body <= block {
			if err := g.countTo(body); err != nil {
				return err
			}
			g.inner = &innerHeader{at: head, atBody: g.passed}
		}
	}
	return g.countTo(block)
}

func (g *gap) countTo(offset int64) error {
	return g.eachPiece(g.passed.pos, offset-g.passed.pos, g.passed.add)
}

// lostBody is where the body starts if its header is lost altogether.
func (g *gap) lostBody() int64 { return g.chain + int64(g.h.MessageHeaderSize) }

// virtualSizeIs says whether V is that of the body between an earlier state and
// the block.
func (g *gap) virtualSizeIs(b looseBlock, m mark, since *tally) bool {
	v, err := b.meta.VirtualSize()
	return since != nil && err == nil && b.meta.plain() && g.passed.pos == m.at && g.passed.virtual(*since) == v
}

// plausibleEnd is for a block whose V does not decide: it is missing or wrong, or
// the body is compressed.
func (g *gap) plausibleEnd(b looseBlock) (bool, error) {
	if !b.whole && !b.torn && b.known() == 0 {
		return false, nil
	}
	if b.end == g.src.Size {
		return true, nil
	}
	next, err := g.recognize(b.end)
	if err != nil || next.form != noHeader {
		return err == nil, err
	}
	return b.whole && !b.meta.plain() && b.meta.index('G') >= 0 && b.meta.index('R') >= 0, nil
}

// finish makes the range of the wreck, which the block at m ends.
func (g *gap) finish(m mark, b looseBlock) []Range {
	reason := ""
	if g.size >= 0 && g.form == wholeHeader {
		reason = fmt.Sprintf("the header says that the body is %d bytes long, it is %d", g.size, m.at-g.body)
	}
	return []Range{g.ended(g.wreck, g.start, m.at, b, reason)}
}

// endLost is for a block with no header before it.
func (g *gap) endLost(m mark, b looseBlock) []Range {
	if guid, _ := b.meta.Get('G'); guid == "" || !b.whole && !b.torn {
		return nil
	}
	w := g.wreck
	w.ill = "the message header is lost"
	if g.virtualSizeIs(b, m, g.atLost) {
		w.body = g.lostBody()
	}
	return []Range{g.ended(w, g.start, m.at, b, "")}
}

// split: the block belongs to the inner header, and the wreck ends there.
func (g *gap) split(m mark, b looseBlock) ([]Range, error) {
	w, err := g.recognize(g.inner.at)
	if err != nil {
		return nil, err
	}
	reason := fmt.Sprintf("the header says that the body is %d bytes long, it is %d", w.size, m.at-w.body)
	return []Range{
		g.damage(g.wreck, g.start, g.inner.at, g.inner.at, Truncated, nil, "the next message starts before the end of this one"),
		g.ended(w, g.inner.at, m.at, b, reason),
	}, nil
}

// ended makes the range of a message that the block b ends.
func (f *finder) ended(w wreck, start, block int64, b looseBlock, reason string) Range {
	verdict := Damaged
	switch {
	case b.torn:
		verdict, reason = TornTail, "the file ends in the metadata block"
	case reason == "" && (!b.whole || w.ill == ""):
		reason = "the metadata block is damaged"
	}
	return f.damage(w, start, block, b.end, verdict, b.meta, reason)
}
