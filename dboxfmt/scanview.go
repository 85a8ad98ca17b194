package dboxfmt

import "io"

const (
	viewSize = 4 << 20
	// lookahead is how much of the file behind a place is in memory before the
	// place is judged: a marker and the longest metadata block.
	lookahead = maxBlock + 4<<10
)

// view is a piece of the file in memory that moves forward, and a small second
// buffer for looking elsewhere.
type view struct {
	src   Source
	mem   []byte
	base  int64 // offset in the file of mem[0]
	spare []byte
	work  int64 // bytes read and bytes looked at so far; the bounds are tested with it
}

func (v *view) end() int64 { return v.base + int64(len(v.mem)) }

// near returns n bytes from offset on, or nil if not all of them are in memory.
func (v *view) near(offset, n int64) []byte {
	if offset < v.base || n > v.end()-offset {
		return nil
	}
	return v.mem[offset-v.base:][:n]
}

// bytes returns n bytes from offset on, fewer at the end of the file. They are
// valid until the next call of a method.
func (v *view) bytes(offset, n int64) ([]byte, error) {
	n = max(0, min(n, v.src.Size-offset))
	if p := v.near(offset, n); p != nil {
		return p, nil
	}
	if int64(cap(v.spare)) < n {
		v.spare = make([]byte, n)
	}
	p := v.spare[:n]
	return p, v.fill(p, offset)
}

// cover moves the view, if need be, so that it holds from.
func (v *view) cover(from int64) error {
	if v.holds(from) {
		return nil
	}
	return v.slide(max(0, from-1))
}

// holds says whether from, the byte before it, and the lookahead behind it or
// the rest of the file are in memory.
func (v *view) holds(from int64) bool {
	return (from > v.base || v.base == 0) && from <= v.end() &&
		(v.end() == v.src.Size || v.end()-from >= lookahead)
}

// reach is cover for a mark only.
func (v *view) reach(from int64) error {
	if (from > v.base || v.base == 0) && from <= v.end() && (v.end() == v.src.Size || v.end()-from >= maxMark) {
		return nil
	}
	return v.slide(max(0, from-1))
}

// slide lets the view begin at offset. Bytes that are in memory already are
// moved, not read again.
func (v *view) slide(offset int64) error {
	want := min(viewSize, v.src.Size-offset)
	if int64(cap(v.mem)) < want {
		v.mem = append(make([]byte, 0, want), v.mem...)
	}
	kept := 0
	if offset >= v.base && offset < v.end() {
		kept = copy(v.mem[:cap(v.mem)], v.mem[offset-v.base:])
	}
	v.mem, v.base = v.mem[:kept], offset
	rest := v.mem[kept:want]
	if err := v.fill(rest, offset+int64(kept)); err != nil {
		return err
	}
	v.mem = v.mem[:want]
	return nil
}

// fill reads all of p. A file that is shorter than the source said is an
// io.ErrUnexpectedEOF.
func (v *view) fill(p []byte, offset int64) error {
	if len(p) == 0 {
		return nil
	}
	v.work += int64(len(p))
	got, err := v.src.R.ReadAt(p, offset)
	switch {
	case got < 0 || got > len(p):
		return errImpossibleCount
	case got == len(p):
		return nil
	case err == nil:
		return io.ErrNoProgress // against the contract of io.ReaderAt
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}
