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
}

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

// firstHeader is the first header mark from an offset on and before another.
func (f *finder) firstHeader(from, to int64) (mark, bool, error) {
	if known := &f.ahead.blocks; from >= known.from {
		from = max(from, known.header)
	}
	if from >= to {
		return mark{}, false, nil
	}
	m, ok, err := f.next(from, onlyHeaders, nil)
	return m, ok && m.at < to, err
}

// lastHeader is the last one.
func (f *finder) lastHeader(from, to int64) (last mark, found bool, err error) {
	for {
		m, ok, err := f.firstHeader(from, to)
		if !ok || err != nil {
			return last, found, err
		}
		last, found, from = m, true, m.at+1
	}
}
