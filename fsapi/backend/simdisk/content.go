package simdisk

import (
	"math/rand"
	"slices"
)

// sector is what survives or does not as a whole.
const sector = 512

// content is what a file holds.
type content struct {
	data, durable []byte

	// Since it was last synced.
	ever             []byte // what was last written at each position, cut off or not
	shortest         int
	lostFrom, lostTo int // written before a sync that failed
}

func (c *content) write(p []byte, off int) {
	c.data = overlay(c.data, p, off)
	c.ever = overlay(c.ever, p, off)
	if off <= c.lostFrom && off+len(p) > c.lostFrom {
		c.lostFrom = min(c.lostTo, off+len(p))
	}
}

// overlay returns data with p at off; what is between is zero.
func overlay(data, p []byte, off int) []byte {
	if n := off + len(p); n > len(data) {
		data = append(data, make([]byte, n-len(data))...)
	}
	copy(data[off:], p)
	return data
}

func (c *content) truncate(n int) {
	c.data = append(c.data[:min(n, len(c.data))], make([]byte, max(0, n-len(c.data)))...)
	c.shortest, c.lostTo = min(c.shortest, n), min(c.lostTo, n)
	c.ever = overlay(c.ever, nil, n)
}

func (c *content) sync() {
	c.durable = slices.Clone(c.data)
	if c.lostFrom < c.lostTo {
		clear(c.durable[c.lostFrom:c.lostTo])
	}
	c.ever, c.shortest = slices.Clone(c.data), len(c.data)
}

func (c *content) syncFailed() {
	if len(c.durable) < len(c.data) {
		c.lostFrom, c.lostTo = len(c.durable), len(c.data)
	}
}

// crashed returns what is there after a crash.
func (c *content) crashed(rng *rand.Rand, ordered bool) []byte {
	base := min(c.shortest, len(c.durable))
	if ordered {
		return c.crashedInOrder(rng, base)
	}
	n, longest := base, max(len(c.ever), len(c.durable))
	switch rng.Intn(3) {
	case 0:
		n = longest
	case 1:
		n += rng.Intn(longest - n + 1)
	}
	out := make([]byte, n)
	copy(out, c.durable)
	c.someSectors(rng, out)
	return out
}

// crashedInOrder: behind base is what was durable there, or the start of what was
// written since.
func (c *content) crashedInOrder(rng *rand.Rand, base int) []byte {
	out := slices.Clone(c.durable[:base])
	c.someSectors(rng, out)
	if rng.Intn(2) == 0 {
		return append(out, c.durable[base:]...)
	}
	if n := rng.Intn(len(c.ever) - base + 1); n > 0 {
		from := base / sector * sector // the sector with the old end is written anew
		out = append(out[:from], c.ever[from:base+n]...)
	}
	return out
}

// someSectors overwrites out with some sectors of what was written.
func (c *content) someSectors(rng *rand.Rand, out []byte) {
	for from := 0; from < len(out); from += sector {
		if rng.Intn(2) == 0 && from < len(c.ever) {
			copy(out[from:min(from+sector, len(out))], c.ever[from:])
		}
	}
}
