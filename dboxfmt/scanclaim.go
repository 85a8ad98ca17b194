package dboxfmt

// closeAtClaim looks where the header of a wreck says that its body ends. The
// block there, or what is left of it, decides before anything that the body may
// contain.
func (f *finder) closeAtClaim(start int64, w wreck) ([]Range, error) {
	claimed := w.size >= 0 && (w.form == wholeHeader || w.form == damagedHeader)
	if f.h.Version == 3 || !claimed || w.size > f.src.Size-w.body {
		return nil, nil
	}
	block := w.body + w.size
	end, err := f.blockAt(block)
	switch {
	case err != nil:
		return nil, err
	case end > 0 && w.form == wholeHeader:
		return nil, nil // another message has a better claim to it
	}
	reason := ""
	if end == 0 {
		reason = "the metadata block is damaged"
		if remains, err := f.blockRemains(block); !remains || err != nil {
			return nil, err
		}
	}
	if !f.afford(w.size) {
		return nil, nil
	}
	if other, err := f.ownedWithin(start, mark{at: block}); other || err != nil {
		return nil, err
	}
	return f.closeIfFits(start, w, block, reason)
}

// blockRemains says whether at least three of the four bytes that a block
// starts with are at p.
func (f *finder) blockRemains(p int64) (bool, error) {
	head, err := f.bytes(p, int64(len(blockHeadV2)))
	same := 0
	for i := range head {
		if head[i] == blockHeadV2[i] {
			same++
		}
	}
	return same >= len(blockHeadV2)-1, err
}

// closeIfFits compares with V, where there is one to compare with.
func (f *finder) closeIfFits(start int64, w wreck, block int64, reason string) ([]Range, error) {
	ranges, err := f.closed(start, w, block, reason)
	if len(ranges) == 0 || err != nil {
		return nil, err
	}
	meta := ranges[0].Message.Metadata
	v, err := meta.VirtualSize()
	if err != nil || !meta.plain() {
		if within, err := f.startsWithin(w.body, block); within || err != nil {
			return nil, err
		}
		return ranges, nil
	}
	var passed tally
	err = f.eachPiece(w.body, w.size, func(p []byte) { passed.add(p) })
	if passed.virtual(tally{}) != v {
		return nil, err
	}
	return ranges, err
}

// startsWithin says whether the parts of a message fit together that starts
// somewhere in a range.
func (f *finder) startsWithin(from, to int64) (bool, error) {
	for {
		m, ok, err := f.within(from, to)
		if !ok || err != nil {
			return false, err
		}
		from = m.at + 1
		if ok, err := f.starts(m); ok || err != nil {
			return ok, err
		}
	}
}

// closed makes the range of a message that ends with the block, or the remains
// of one, at block. No range: these are no remains of a block.
func (f *finder) closed(start int64, w wreck, block int64, reason string) ([]Range, error) {
	b, err := f.loose(block, f.src.Size)
	if err != nil {
		return nil, err
	}
	f.afford(b.end - block)
	if !b.whole && b.known() == 0 && !b.torn {
		return nil, nil
	}
	return []Range{f.ended(w, start, block, b, reason)}, nil
}
