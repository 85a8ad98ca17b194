package dboxfmt

// markReader finds the marks of a file one after the other.
type markReader struct {
	view
	shapes shapes
}

// next is the next mark at or after from that keep, if there is one, does not
// reject; false: there is none.
func (r *markReader) next(from int64, which kinds, keep func(m mark) bool) (m mark, found bool, err error) {
	err = r.each(from, which, func(i int) int64 {
		here, ok := r.parse(i)
		if !ok || here.at < from || keep != nil && !keep(here) {
			return r.base + int64(i) + 1
		}
		m, found = here, true
		return r.src.Size
	})
	return m, found && err == nil, err
}

// each does something with the places at or after from where the first two
// bytes of a marker and its LF are. i is the place in mem, which holds what is
// around it, and after it the lookahead. do returns the offset to go on from; the
// size of the file is the end.
func (r *markReader) each(from int64, which kinds, do func(i int) int64) error {
	for at := from; at < r.src.Size; {
		if err := r.reach(at); err != nil {
			return err
		}
		i := r.shapes.next(r.mem, int(at-r.base), which)
		r.work += int64(i) - (at - r.base) + 1
		if i == len(r.mem) {
			if r.end() == r.src.Size {
				return nil
			}
			at = max(at+1, r.end()-maxMark)
			continue
		}
		at = r.base + int64(i)
		if err := r.cover(at); err != nil {
			return err
		}
		at = do(int(at - r.base))
	}
	return nil
}

// parse looks at the rest of the marker at mem[i].
func (r *markReader) parse(i int) (m mark, ok bool) {
	m, ok = r.shapes.parse(r.mem, i)
	m.at += r.base
	m.start = m.at - int64(r.shapes.h.MessageHeaderSize) - m.size
	return m, ok
}
