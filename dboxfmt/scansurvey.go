package dboxfmt

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

func bit(bits []uint64, place int64) (word *uint64, bit uint64) {
	return &bits[place/64%int64(len(bits))], 1 << (place % 64)
}

func (b *bitmap) set(place int64) {
	for _, at := range []struct {
		bits  []uint64
		place int64
	}{{b.fine, place}, {b.coarse[:], place >> 14}} {
		word, bit := bit(at.bits, at.place)
		*word |= bit
	}
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
	for from := int64(0); ; {
		m, ok, err := f.aside.next(from, onlyBlocks, nil)
		if err != nil {
			return err
		}
		if !ok {
			f.far.complete = true
			return nil
		}
		from = m.at + 1
		end, _, whole := run.resolve(&f.aside.view, m.at+int64(len(blockHeadV2)))
		if whole && end-m.at <= maxBlock {
			f.far.places.set(m.at)
		}
	}
}

// surveyPairs looks for the messages from p on that are too long for the index.
// If early, it ends when it finds the one that starts at p.
func (f *finder) surveyPairs(p int64, early bool) error {
	f.far = survey{from: p, places: f.far.places, pairs: f.far.pairs[:0], first: f.src.Size}
	if f.far.places == nil {
		f.far.places = newBitmap(f.src.Size)
	}
	note := func(m mark) bool {
		if !m.block {
			f.far.places.set(m.at)
		}
		return m.block
	}
	run := lineRun{version: 3}
	for from := p; ; {
		m, ok, err := f.aside.next(from, allMarks, note)
		if err != nil {
			return err
		}
		if !ok {
			f.far.complete = true
			return nil
		}
		from = m.at + 1
		at, ok, err := f.farPair(&run, m, p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		f.far.first = min(f.far.first, at.start)
		if at.end-at.start >= nearSpan {
			f.far.pairs = addOutermost(f.far.pairs, at)
		}
		if early && at.start == p {
			return nil
		}
	}
}

// farPair says whether the block at m belongs to a message that starts at or
// after from.
func (f *finder) farPair(run *lineRun, m mark, from int64) (pair, bool, error) {
	if m.start < from || !f.far.places.has(m.start) {
		return pair{}, false, nil
	}
	head, err := f.aside.bytes(m.start, int64(f.h.MessageHeaderSize))
	if err != nil {
		return pair{}, false, err
	}
	at, ok := run.pairOf(&f.aside, m, head)
	return at, ok, nil
}
