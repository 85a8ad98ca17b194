package dboxfmt

// quiet is what is known of places in memory, so that blocks that cannot decide
// are not looked at one by one.
type quiet struct {
	header stretchOf // of places without a header
	sign   stretchOf // of places without what every block has that tells
}

// stretchOf is the places from from on and before to.
type stretchOf struct{ from, to int64 }

func (s stretchOf) holds(at int64) bool { return at >= s.from && at < s.to }

// idleMarks is how many blocks in a row are looked at before it is asked how long
// there will be nothing but such.
const idleMarks = 16

// nextTelling is the first mark at or after from that can decide in searchLost:
// any header; in versions 1 and 2 a block with a GUID, without which there is too
// little to make a message of what is before it; in version 3 a block that is
// whole, or whose size leads to where a message may start.
func (g *gap) nextTelling(from int64) (m mark, found bool, err error) {
	idle := idleMarks
	err = g.each(from, allMarks, func(i int) int64 {
		at := g.base + int64(i)
		if at > g.limit {
			return g.src.Size
		}
		if idle++; idle > idleMarks {
			to := g.quietTo(at)
			if to <= at {
				idle = 0
			} else if i = g.nextLead(i, int(to-g.base)); i < 0 {
				return to
			}
		}
		here, ok := g.parse(i)
		if !ok || here.at < from || !g.tells(here) {
			return g.base + int64(i) + 1
		}
		m, found = here, true
		return g.src.Size
	})
	return m, found && err == nil, err
}

// tells says quickly whether a mark can decide in searchLost.
func (g *gap) tells(m mark) bool {
	switch {
	case !m.block:
		return true
	case g.h.Version < 3:
		return g.hasGUID(m.at)
	}
	_, whole := g.isWhole(m)
	return whole || g.leads(m.start)
}

// leads says whether a version 3 block that leads to start ends the gap's own
// message.
func (g *gap) leads(start int64) bool {
	return start == g.start || g.form == noHeader && g.chain >= 0 && start == g.chain
}

// isWhole says whether a version 3 block is as long as its L says, and where it
// ends.
func (g *gap) isWhole(m mark) (end int64, whole bool) {
	end, length, ok := g.run.resolve(&g.view, m.at+int64(g.shapes.blockLF)+1)
	return end, ok && length == end-m.at
}

// quietTo is an offset before which no mark from at on tells, but for version 3
// blocks that lead to the start of the gap.
func (g *gap) quietTo(at int64) int64 {
	q := &g.quiet
	if !q.header.holds(at) {
		q.header = stretchOf{at, g.firstInMemory(&g.shapes.header, at, maxMark)}
	}
	switch {
	case q.header.to <= at:
		return at
	case g.h.Version == 3:
		if !q.sign.holds(at) {
			q.sign = stretchOf{at, g.wholeBlock(at)}
		}
		return min(q.header.to, q.sign.to)
	}
	if item := at + int64(len(blockMagic)); !q.sign.holds(item) { // at the LF of the block's first line
		q.sign = stretchOf{item, g.firstInMemory(&itemG, item, 1)}
	}
	return min(q.header.to, q.sign.to-glanceWithin)
}

// itemG is the start of an item G; itemL is the end of a version 3 block.
var (
	itemG = shape{is: [3]byte{'\n', 'G', 'G'}, at: [3]int{0, 1, 1}}
	itemL = shape{is: [3]byte{lengthItemKey, '\n', '\n'}, at: [3]int{0, 1 + lengthDigits, lengthItem - 1}}
)

// firstInMemory is the first place from at on that has a shape, or may have it: the
// last bytes in memory, margin of them, are not enough to say.
func (g *gap) firstInMemory(s *shape, at, margin int64) int64 {
	i := s.next(g.mem, int(at-g.base))
	g.work += g.base + int64(i) - at
	if i == len(g.mem) && g.end() < g.src.Size {
		return g.end() - margin
	}
	return g.base + int64(i)
}

// wholeBlock is the first place from at on where a version 3 block may start to
// which an L at its end leads. The first empty line ends a block, so the first L
// that leads to one is that of the first block that has such an L.
func (g *gap) wholeBlock(at int64) int64 {
	i := int(at - g.base)
	for {
		from := i
		i = itemL.next(g.mem, i)
		g.work += int64(i-from) + 1
		if i == len(g.mem) {
			break
		}
		length, ok := parseHex(g.mem[i+1 : i+1+lengthDigits])
		start := i + lengthItem - int(length)
		if ok && start >= int(at-g.base) && g.shapes.block.match(g.mem, start) {
			return g.base + int64(start)
		}
		i++
	}
	if g.end() < g.src.Size {
		return g.end() - maxBlock
	}
	return g.src.Size
}

// nextLead is the index at or after i and before end of the next version 3 block
// whose size may lead to the start of the gap; -1: there is none.
func (g *gap) nextLead(i, end int) int {
	if g.h.Version < 3 {
		return -1
	}
	g.work += int64(end - i)
	for ; i < end; i = g.shapes.block.next(g.mem, i+1) {
		at := g.base + int64(i-g.h.MessageHeaderSize)
		digits := g.mem[i+g.shapes.blockLF-4:]
		if endsInHex(digits, at-g.start) || endsInHex(digits, at-g.chain) {
			return i
		}
	}
	return -1
}

// endsInHex says whether the four digits at the start of p may be the last ones
// of a number.
func endsInHex(p []byte, number int64) bool {
	for i := 3; i >= 0; i-- {
		if hexValue[p[i]] != byte(number&15) {
			return false
		}
		number >>= 4
	}
	return true
}
