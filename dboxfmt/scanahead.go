package dboxfmt

import "bytes"

// ahead remembers what lies before the scan, so that a long stretch of damage
// is not searched again for each range in it.
type ahead struct {
	// From from to to no message is confirmed; at to is the first that is, or the
	// file ends. to is 0 before the first search.
	from, to int64
	message  *confirmed

	blocks nextMarks
	last   lastPlace
}

// lastPlace is where the last header at or after from and before to is; nowhere
// if there is none.
type lastPlace struct{ from, to, at int64 }

// nextMarks are the first marks at or after from.
type nextMarks struct {
	from   int64
	header int64 // there is no header before this
	block  mark
	found  bool
	to     int64 // where block is, or the end of the file; 0 before the first search
}

// nextConfirmed is the first confirmed message at or after from, nil if there
// is none.
func (f *finder) nextConfirmed(from int64) (*confirmed, error) {
	if a := &f.ahead; a.to > 0 && from >= a.from && from <= a.to {
		return a.message, nil
	}
	// Without a block no message is confirmed, whatever headers there are.
	_, ok, err := f.nextBlock(from)
	var found *confirmed
	switch {
	case !ok:
	case f.h.Version == 3:
		found, err = f.nextPaired(from)
	default:
		found, err = f.nextSized(from)
	}
	if err != nil {
		return nil, err
	}
	f.ahead.from, f.ahead.to, f.ahead.message = from, f.src.Size, found
	if found != nil {
		f.ahead.to = found.Offset
	}
	return found, nil
}

// nextBlock is the first mark of a block at or after from.
func (f *finder) nextBlock(from int64) (mark, bool, error) {
	known := &f.ahead.blocks
	if known.to > 0 && from >= known.from && from <= known.to {
		return known.block, known.found, nil
	}
	next := nextMarks{from: from, to: f.src.Size}
	m, ok, err := f.next(from, allMarks, nil)
	next.header = f.src.Size
	if ok {
		next.header = m.at
	}
	if ok && !m.block {
		m, ok, err = f.next(m.at+1, onlyBlocks, nil)
	}
	if err != nil {
		return mark{}, false, err
	}
	if ok {
		m.sep = bytes.Clone(m.sep)
		next.block, next.found, next.to = m, true, m.at
	}
	f.ahead.blocks = next
	return next.block, next.found, nil
}

// overNothing goes from an offset over what is known to have no marks.
func (f *finder) overNothing(from int64) int64 {
	if known := &f.ahead.blocks; from >= known.from {
		return max(from, min(known.header, known.to))
	}
	return from
}

// firstHeader is the first header mark from an offset on and before another. What
// has no header is gone over once.
func (f *finder) firstHeader(from, to int64) (mark, bool, error) {
	known := &f.quiet.header
	start := from
	if known.holds(from) {
		start, from = known.from, known.to
	}
	if from >= to {
		return mark{}, false, nil
	}
	m, ok, err := f.next(from, onlyHeaders, nil)
	if err != nil {
		return mark{}, false, err
	}
	*known = stretchOf{start, f.src.Size}
	if ok {
		known.to = m.at
	}
	return m, ok && m.at < to, nil
}

// lastHeader is where the last one is. Blocks are asked about in ascending
// order, each for ascending offsets: what is between is looked at once.
func (f *finder) lastHeader(from, to int64) (at int64, found bool, err error) {
	known := &f.ahead.last
	if from < known.from || from > known.to || to < known.to {
		*known = lastPlace{from: from, to: from, at: nowhere}
	}
	if err := f.lastNear(to); err != nil {
		return nowhere, false, err
	}
	for known.to < to {
		m, ok, err := f.firstHeader(known.to, to)
		if err != nil {
			return nowhere, false, err
		}
		known.to = to
		if ok {
			known.at, known.to = m.at, m.at+1
		}
	}
	return known.at, known.at >= from, nil
}

// lastNear looks right before an offset, where the last header most likely is.
func (f *finder) lastNear(to int64) error {
	const near = 4 << 10
	known := &f.ahead.last
	if to-near < known.to {
		return nil
	}
	p, err := f.bytes(to-near, near+maxMark)
	for i := f.shapes.next(p, 0, onlyHeaders); i < min(near, len(p)); i = f.shapes.next(p, i+1, onlyHeaders) {
		if _, ok := f.shapes.parse(p, i); ok {
			known.at, known.to = to-near+int64(i), to
		}
	}
	return err
}
