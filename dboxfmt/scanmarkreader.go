package dboxfmt

// markReader finds the marks of a file one after the other.
type markReader struct {
	view
	shapes shapes
}

// next is the next mark at or after from that keep, if there is one, does not
// reject; false: there is none.
func (r *markReader) next(from int64, which kinds, keep func(m mark) bool) (mark, bool, error) {
	for at := from; at < r.src.Size; {
		if err := r.reach(at); err != nil {
			return mark{}, false, err
		}
		i := r.shapes.next(r.mem, int(at-r.base), which)
		r.work += int64(i) - (at - r.base) + 1
		if i == len(r.mem) {
			at = max(at+1, r.end()-maxMark)
			if r.end() == r.src.Size {
				break
			}
			continue
		}
		at = r.base + int64(i)
		if !r.holds(at) {
			if err := r.cover(at); err != nil {
				return mark{}, false, err
			}
			i = int(at - r.base)
		}
		m, ok := r.shapes.parse(r.mem, i)
		m.at += r.base
		m.start = m.at - int64(r.shapes.h.MessageHeaderSize) - m.size
		if ok && m.at >= from && (keep == nil || keep(m)) {
			return m, true, nil
		}
		at++
	}
	return mark{}, false, nil
}
