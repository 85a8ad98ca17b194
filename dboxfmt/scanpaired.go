package dboxfmt

import (
	"cmp"
	"slices"
)

// Version 3: a block says where its header must be, and both have the same
// separator.

// pair is a message by its places.
type pair struct{ start, block, end int64 }

// pairIndex is the outermost messages that lie in a part of the file, in order.
type pairIndex struct {
	from, to int64
	found    []pair
	run      lineRun
}

// nearSpan is the length up to which a message is found in memory.
const nearSpan = viewSize/2 - 16

func (f *finder) confirmPaired(p int64) (*confirmed, error) {
	at, ok, err := f.paired(p)
	if !ok || err != nil {
		return nil, err
	}
	m, err := f.message(at.start, at.block, at.end)
	if m == nil || err != nil {
		return nil, err
	}
	return &confirmed{Message: m}, nil
}

// paired says whether the header at p has its block, and where that is.
func (f *finder) paired(p int64) (pair, bool, error) {
	for {
		known := p >= f.pairs.from && p < f.pairs.to
		if at, ok := findPair(f.pairs.found, p); known && (ok || f.pairs.to == f.src.Size) {
			return at, ok, nil
		}
		if known && p <= f.pairs.from+viewSize/2 {
			break
		}
		if err := f.indexPairs(p); err != nil {
			return pair{}, false, err
		}
	}
	at, ok := findPair(f.far.pairs, p)
	if ok || f.far.complete && p >= f.far.from {
		return at, ok, nil
	}
	if _, ok, err := f.nextBlock(p); !ok || err != nil {
		return pair{}, false, err
	}
	err := f.surveyPairs(p, true)
	at, ok = findPair(f.far.pairs, p)
	return at, ok && err == nil, err
}

// nextPaired is the first confirmed message at or after from.
func (f *finder) nextPaired(from int64) (*confirmed, error) {
	if from+viewSize < f.src.Size && !(f.far.complete && from >= f.far.from) {
		if err := f.surveyPairs(from, false); err != nil {
			return nil, err
		}
	}
	for {
		next, ok, err := f.nextPair(from)
		if !ok || err != nil {
			return nil, err
		}
		if c, err := f.confirmPaired(next.start); c != nil || err != nil {
			return c, err
		}
		from = next.start + 1
	}
}

// nextPair goes through the file by what fits in memory.
func (f *finder) nextPair(from int64) (pair, bool, error) {
	far, isFar := firstPair(f.far.pairs, from)
	if f.far.complete && f.far.first > from {
		from = f.far.first
	}
	for from < f.src.Size {
		if from < f.pairs.from || from > f.pairs.from+viewSize/2 && f.pairs.to < f.src.Size || f.pairs.to == 0 {
			if err := f.indexPairs(from); err != nil {
				return pair{}, false, err
			}
		}
		sure := f.pairs.from + viewSize/2
		if f.pairs.to == f.src.Size {
			sure = f.src.Size
		}
		near, isNear := firstPair(f.pairs.found, from)
		switch {
		case isNear && near.start <= sure && (!isFar || near.start < far.start):
			return near, true, nil
		case isFar && far.start <= sure:
			return far, true, nil
		}
		from = sure + 1
	}
	return far, isFar, nil
}

// firstPair is the first that starts at or after from.
func firstPair(pairs []pair, from int64) (pair, bool) {
	i, _ := slices.BinarySearchFunc(pairs, from, byStart)
	if i == len(pairs) {
		return pair{}, false
	}
	return pairs[i], true
}

func byStart(p pair, start int64) int { return cmp.Compare(p.start, start) }

func findPair(pairs []pair, start int64) (pair, bool) {
	at, ok := firstPair(pairs, start)
	return at, ok && at.start == start
}

// indexPairs fills the index with the messages that lie from p on in memory.
func (f *finder) indexPairs(p int64) error {
	f.pairs.from, f.pairs.to, f.pairs.found = 0, 0, f.pairs.found[:0]
	if err := f.cover(p); err != nil {
		return err
	}
	if p > f.base+1 && f.end() < f.src.Size {
		if err := f.slide(p - 1); err != nil {
			return err
		}
	}
	for i := f.shapes.next(f.mem, int(p-f.base), onlyBlocks); i < len(f.mem); i = f.shapes.next(f.mem, i+1, onlyBlocks) {
		m, ok := f.parse(i)
		if !ok || m.start < p {
			continue
		}
		head := f.near(m.start, int64(f.h.MessageHeaderSize))
		if at, ok := f.pairs.run.pairOf(&f.markReader, m, head); ok {
			f.pairs.found = addOutermost(f.pairs.found, at)
		}
	}
	f.pairs.from, f.pairs.to = p, f.end()
	return nil
}

// pairOf says whether the block at m, in the memory of r, is whole and belongs
// to the header head.
func (run *lineRun) pairOf(r *markReader, m mark, head []byte) (pair, bool) {
	own, ok := r.shapes.headerAt(head)
	if !ok || string(own.sep) != string(m.sep) {
		return pair{}, false
	}
	end, length, ok := run.resolve(&r.view, m.at+int64(r.shapes.blockLF)+1)
	return pair{m.start, m.at, end}, ok && length == end-m.at && length <= maxBlock
}

// addOutermost adds p, which ends behind all of pairs. Messages within it are
// part of its body. One that it only overlaps was there first.
func addOutermost(pairs []pair, p pair) []pair {
	n := len(pairs)
	for n > 0 && pairs[n-1].start >= p.start {
		n--
	}
	if n > 0 && pairs[n-1].end > p.start {
		return pairs
	}
	return append(pairs[:n], p)
}
