package dboxfmt

import "bytes"

// gap is the search for what lies between the end of one message and the next
// confirmed one. It decides from the front, one or two ranges at a time.
type gap struct {
	*finder
	start int64 // of the range in question
	limit int64 // where the next confirmed message starts, or the file ends
	wreck
	own ownSearch
	run lineRun

	// Versions 1 and 2.
	passed         tally  // from the start to the last block
	atBody, atLost *tally // as it was where the body starts, or would if the header is lost
	inner          *innerHeader
	beyond         int64 // the first header behind where the wreck's says that its body ends; else 0
	sought         int64 // how far beyond was looked for
	erased         int64 // where the header says that a block is, and only NUL bytes are; else 0
}

// innerHeader is the last unconfirmed header in what may be the body of the
// wreck.
type innerHeader struct {
	at     int64
	atBody tally
}

// unravel returns the ranges at start, where no confirmed message starts.
func (f *finder) unravel(start int64) ([]Range, error) {
	w, err := f.recognize(start)
	if err != nil {
		return nil, err
	}
	if w.form == noHeader {
		if end, err := f.nulRun(start); err != nil || end > start {
			return []Range{garbage(start, end, "NUL bytes")}, err
		}
	}
	if ranges, err := f.closeAtClaim(start, w); len(ranges) > 0 || err != nil {
		return ranges, err
	}
	g := gap{finder: f, start: start, limit: f.src.Size, wreck: w, own: ownSearch{sought: w.body}, run: lineRun{version: f.h.Version}}
	next, err := f.nextConfirmed(start + 1)
	if err != nil {
		return nil, err
	}
	if next != nil {
		g.limit = next.Offset
	}
	if f.h.Version < 3 {
		if err := g.begin(); err != nil {
			return nil, err
		}
	}
	return g.search()
}

// begin looks whether the block is erased, and sets the counters up.
func (g *gap) begin() error {
	g.passed = tally{pos: g.start}
	if g.form == noHeader {
		return nil
	}
	g.passed.pos = g.body
	g.atBody = &tally{pos: g.body}
	if g.size <= 0 || g.size > g.src.Size-g.body {
		return nil
	}
	head, err := g.bytes(g.body+g.size, int64(len(blockHeadV2)))
	if err == nil && string(head) == "\x00\x00\x00\x00" {
		g.erased = g.body + g.size
	}
	return err
}

// search goes over the blocks until one of them ends the wreck.
func (g *gap) search() ([]Range, error) {
	if g.form == noHeader {
		return g.searchLost()
	}
	for from := g.start + 1; ; {
		m, ok, err := g.nextEnd(from)
		if err != nil {
			return nil, err
		}
		if !ok {
			return g.endAt(g.limit)
		}
		from = m.at + 1
		if ranges, err := g.close(m); len(ranges) > 0 || err != nil {
			return ranges, err
		}
	}
}

// searchLost is search where there is no header: the next one ends what is not
// ended by a block before it.
func (g *gap) searchLost() ([]Range, error) {
	for from := g.start + 1; ; {
		m, ok, err := g.nextTelling(g.overNothing(from))
		switch {
		case err != nil:
			return nil, err
		case !ok || m.at >= g.limit:
			return []Range{garbage(g.start, g.limit, "no message header and no metadata block")}, nil
		case !m.block:
			return []Range{garbage(g.start, m.at, "no message header")}, nil
		}
		from = m.at + 1
		m.sep = bytes.Clone(m.sep)
		if ranges, err := g.close(m); len(ranges) > 0 || err != nil {
			return ranges, err
		}
	}
}

// nextEnd is the next block mark that may be the end of the wreck.
func (g *gap) nextEnd(from int64) (mark, bool, error) {
	m, ok, err := g.nextBlock(from)
	ok = ok && m.at < g.limit
	if g.sep == "" || g.own.given || err != nil {
		return m, ok, err
	}
	upTo := g.limit
	if ok {
		upTo = m.at + int64(len(blockMagic))
	}
	own, found, err := g.seekOwn(upTo)
	if !found || err != nil {
		return m, ok, err
	}
	g.own.given = true
	if ok && own == m.at {
		return m, true, nil
	}
	return mark{at: own, block: true, size: UnknownSize, sep: []byte(g.sep)}, true, nil
}

// close decides at the start of a metadata block within the gap: is it the end
// of the wreck, or part of its body?
func (g *gap) close(m mark) ([]Range, error) {
	switch {
	case g.form != noHeader && m.at < g.body:
		return nil, nil
	case g.h.Version == 3:
		return g.closePaired(m)
	}
	return g.closeSized(m)
}

// endAt: no block ends the wreck before end, where the next message starts or
// the file ends.
func (g *gap) endAt(end int64) ([]Range, error) {
	if err := g.seekBeyond(end); err != nil {
		return nil, err
	}
	if g.beyond > 0 {
		end = min(end, g.beyond)
	}
	if end < g.body {
		return []Range{garbage(g.start, end, "a message starts within this header")}, nil
	}
	if g.erased > 0 && g.erased < end {
		return []Range{g.damage(g.wreck, g.start, g.erased, g.erased, Truncated, nil, "NUL bytes in the place of the metadata block")}, nil
	}
	if ranges, err := g.closeFromEnd(end); len(ranges) > 0 || err != nil {
		return ranges, err
	}
	if end == g.src.Size {
		return g.endTorn(end)
	}
	return []Range{g.damage(g.wreck, g.start, end, end, Truncated, nil, "the next message starts before the end of this one")}, nil
}

func garbage(start, end int64, reason string) Range {
	return Range{Offset: start, Length: end - start, Verdict: Garbage, Reason: reason}
}
