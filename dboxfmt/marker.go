package dboxfmt

import (
	"bytes"
	"fmt"
)

// marker finds where the body of a version 3 message ends: at 01 03, the
// message's own separator, the number of bytes passed, LF.
type marker struct {
	start     string // 01 03 and the separator
	misplaced int64  // where in the body start was followed by something else; -1: nowhere
}

func newMarker(separator string) marker { return marker{start: blockMagic + separator, misplaced: -1} }

// size is the length of a whole marker in bytes.
func (m *marker) size() int { return len(m.start) + sizeDigits + 1 }

// find looks at p, which begins passed bytes after the start of the body. The
// first n bytes of p are body for certain; found means that the marker follows
// them, otherwise what follows them may be the beginning of one.
func (m *marker) find(p []byte, passed int64) (n int, found bool) {
	for {
		next := bytes.IndexByte(p[n:], m.start[0])
		if next < 0 {
			return len(p), false
		}
		n += next
		if match, whole := m.match(p[n:], passed+int64(n)); match {
			return n, whole
		}
		n++
	}
}

// match says whether p starts with a marker, or with as much of it as p is long.
func (m *marker) match(p []byte, passed int64) (match, whole bool) {
	head := p[:min(len(p), len(m.start))]
	if string(head) != m.start[:len(head)] {
		return false, false
	}
	if len(head) < len(m.start) {
		return true, false
	}
	tail := p[len(head):min(len(p), m.size())]
	want := fmt.Sprintf("%016x\n", passed)
	// Digits of either case: the characters of want are its own lower case.
	if !bytes.EqualFold(tail, []byte(want[:len(tail)])) {
		if m.misplaced < 0 {
			m.misplaced = passed
		}
		return false, false
	}
	return true, len(p) >= m.size()
}
