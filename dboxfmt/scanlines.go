package dboxfmt

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// lineRun finds where metadata blocks end whose items start at ascending
// offsets. Blocks can overlap, and all that do share their lines; each line is
// looked at once.
type lineRun struct {
	version int
	pos     int64 // start of the first line that was not looked at
	from    int64 // start of the run
	last    int64 // start of the last item; before from: there is none
	length  int64 // value of that item, if it is an L that can end a block; else -1
	before  int64 // start of the last L with another item behind it; or as last
	end     int64 // of the block; 0: not found yet
	broken  bool  // the line at pos cannot be in a block
}

// resolve returns the end of the block whose items start at s, and in version 3
// its length as its L says. false: there is no such block within 1 MiB and the
// memory of v. s is the start of a line.
func (r *lineRun) resolve(v *view, s int64) (end, length int64, ok bool) {
	over := r.broken || r.end > 0
	if s < r.from || s > r.pos || over && s >= max(r.pos, r.end) {
		*r = lineRun{version: r.version, pos: s, from: s, last: -1, length: -1, before: -1}
	}
	if r.end == 0 && !r.broken && !r.walk(v, s+maxBlock) {
		return 0, 0, false
	}
	if r.end == 0 || r.version == 3 && (r.last < s || r.length < 0 || r.before >= s) {
		return 0, 0, false
	}
	return r.end, r.length, true
}

// walk looks at lines that start before limit until it knows; false: the next
// one is not all there.
func (r *lineRun) walk(v *view, limit int64) bool {
	if r.pos < v.base {
		return false
	}
	p := v.mem[min(r.pos, v.end())-v.base:]
	for r.end == 0 && !r.broken && r.pos < limit {
		v.work++
		n := lineEnd(p[:min(len(p), maxBlock)])
		if n < 0 {
			return false
		}
		r.step(p[:n])
		p = p[n+1:]
	}
	return true
}

// step looks at a line.
func (r *lineRun) step(line []byte) {
	switch {
	case endsBlock(r.version, line):
		r.end = r.pos + int64(len(line)) + 1
		return
	case !validKey(r.version, line[0]):
		r.broken = true
		return
	case r.version == 3:
		if r.last >= r.from && r.length != -1 {
			r.before = r.last
		}
		r.last, r.length = r.pos, lengthItemValue(line)
	}
	r.pos += int64(len(line)) + 1
}

// lineEnd is the index of the first LF in p; -1: there is none. Most items are
// short.
func lineEnd(p []byte) int {
	if len(p) >= 8 {
		if hits := zeros(binary.LittleEndian.Uint64(p) ^ everyLF); hits != 0 {
			return bits.TrailingZeros64(hits) / 8
		}
	}
	return bytes.IndexByte(p, '\n')
}

// lengthItemValue is the value of L if line is one: -1 if it is not, -2 if it
// does not have the form of the last item of a block.
func lengthItemValue(line []byte) int64 {
	if line[0] != lengthItemKey {
		return -1
	}
	if v, ok := parseHex(line[1:]); ok && len(line) == 1+lengthDigits {
		return v
	}
	return -2
}
