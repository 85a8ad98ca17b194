package dboxfmt

import "cmp"

// survey is what a pass over the rest of the file has found out about places
// that are too far away to be kept in memory.
type survey struct {
	from     int64   // what starts before this was not looked at
	complete bool    // the pass has reached the end of the file
	places   *bitmap // of metadata blocks (versions 1 and 2) or headers (version 3)
	pairs    []pair  // version 3: the long messages
	first    int64   // version 3: where the first message starts, long or not
}

// bitmap has one bit for each byte of a file of up to 64 MiB. In larger files
// places share bits: has can then be wrong in saying yes. coarse has one bit for
// 16 KiB: where few places are set, most questions end there.
type bitmap struct {
	fine   []uint64
	coarse [1 << 10]uint64
}

const maxBitmap = 1 << 26

func newBitmap(size int64) *bitmap {
	n := int64(64)
	for n < size && n < maxBitmap {
		n *= 2
	}
	return &bitmap{fine: make([]uint64, n/64)}
}

// bit is where place is in bits, of which there are a power of two.
func bit(bits []uint64, place int64) (word *uint64, bit uint64) {
	return &bits[uint64(place)/64&uint64(len(bits)-1)], 1 << (place & 63)
}

func (b *bitmap) set(place int64) {
	word, mask := bit(b.coarse[:], place>>14)
	*word |= mask
	word, mask = bit(b.fine, place)
	*word |= mask
}

func (b *bitmap) has(place int64) bool {
	word, mask := bit(b.coarse[:], place>>14)
	if *word&mask == 0 {
		return false
	}
	word, mask = bit(b.fine, place)
	return *word&mask != 0
}

// surveyBlocks notes the places of all whole metadata blocks.
func (f *finder) surveyBlocks() error {
	f.far.places = newBitmap(f.src.Size)
	run := lineRun{version: f.h.Version}
	a := &f.aside
	err := a.each(0, onlyBlocks, func(i int) int64 {
		block := a.base + int64(i) - 1
		end, _, whole := run.resolve(&a.view, block+int64(len(blockHeadV2)))
		if whole && end-block <= maxBlock {
			f.far.places.set(block)
		}
		return block + 2
	})
	f.far.complete = err == nil
	return err
}

// surveyPairs looks for the messages from p on that are too long for the index.
// If early, it ends when it finds the one that starts at p.
func (f *finder) surveyPairs(p int64, early bool) error {
	f.far = survey{from: p, places: f.far.places, pairs: f.far.pairs[:0], first: f.src.Size}
	if f.far.places == nil {
		f.far.places = newBitmap(f.src.Size)
	}
	// No block before the first header belongs to one.
	first, found, err := f.aside.next(p, onlyHeaders, nil)
	if err != nil {
		return err
	}
	f.quiet.header = stretchOf{p, f.src.Size}
	if !found {
		f.far.complete = true
		return nil
	}
	f.quiet.header.to = first.at
	run := lineRun{version: 3}
	var failed error
	stopped := false
	err = f.aside.each(first.at, allMarks, func(i int) int64 {
		next := f.aside.base + int64(i) + 1
		m, ok := f.surveyed(i)
		if !ok {
			return next
		}
		var at pair
		at, ok, failed = f.farPair(&run, m)
		if ok {
			f.far.add(at)
		}
		if stopped = failed != nil || ok && early && at.start == p; stopped {
			return f.src.Size
		}
		return next
	})
	f.far.complete = err == nil && !stopped
	return cmp.Or(err, failed)
}

// surveyed notes a header, or returns the mark of a block whose header may be
// there. Other blocks are not worth parsing.
func (f *finder) surveyed(i int) (mark, bool) {
	r := &f.aside
	if r.mem[i+1] != blockMagic[1] {
		if m, ok := r.parse(i); ok {
			f.far.places.set(m.at)
		}
		return mark{}, false
	}
	size, ok := hex16(r.mem[i+r.shapes.blockLF-sizeDigits:])
	start := r.base + int64(i-f.h.MessageHeaderSize) - size
	if !ok || start < f.far.from || !f.far.places.has(start) {
		return mark{}, false
	}
	return r.parse(i)
}

// farPair says whether the block at m belongs to a message whose header is not
// before the survey.
func (f *finder) farPair(run *lineRun, m mark) (pair, bool, error) {
	head, err := f.aside.bytes(m.start, int64(f.h.MessageHeaderSize))
	if err != nil {
		return pair{}, false, err
	}
	at, ok := run.pairOf(&f.aside, m, head)
	return at, ok, nil
}

func (s *survey) add(p pair) {
	s.first = min(s.first, p.start)
	if p.end-p.start >= nearSpan {
		s.pairs = addOutermost(s.pairs, p)
	}
}
