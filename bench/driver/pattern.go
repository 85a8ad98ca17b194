package driver

import (
	"math/rand/v2"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

// block is a piece of a file.
type block struct {
	dir  measure.Direction
	file int
	off  int64
	len  int
}

// pattern says which block is next. A pass over the files ends when every block
// had its turn, or io_size is reached.
type pattern struct {
	spec    *job.Spec
	sizes   []int64
	rand    *rand.Rand
	order   permutation
	slots   []uint64 // of each file, added up: blocks of the smallest size
	step    int64    // the smallest block
	place   uint64   // in the order
	part    Part
	draws   *rand.Rand // of norandommap
	offsets []int64    // of sequential jobs, by file
	turn    int        // file whose turn it is
	moved   int64      // bytes of this pass
	limit   int64
}

// Part is which of several goroutines a run is, that share a clone's random
// blocks among them. The zero value has them all.
type Part struct{ Index, Of int }

func newPattern(spec *job.Spec, sizes []int64, seed uint64, part Part) *pattern {
	part.Of = max(part.Of, 1)
	p := &pattern{spec: spec, sizes: sizes, rand: rand.New(rand.NewPCG(seed, 1)), step: spec.WriteBS.Min,
		part: part, draws: rand.New(rand.NewPCG(seed, 4+uint64(part.Index)))}
	if spec.RW.Read {
		p.step = spec.BS.Min
	}
	if spec.RW.Read && spec.RW.Write {
		p.step = min(spec.BS.Min, spec.WriteBS.Min)
	}
	var total uint64
	var bytes int64
	for _, size := range sizes {
		total += uint64(size / p.step)
		p.slots = append(p.slots, total)
		bytes += size
	}
	p.limit = bytes
	if spec.IOSize > 0 {
		p.limit = spec.IOSize / int64(part.Of)
	}
	p.begin()
	return p
}

// begin starts a pass.
func (p *pattern) begin() {
	p.order = newPermutation(max(p.slots[len(p.slots)-1], 1), p.rand.Uint64())
	p.place, p.turn, p.moved = uint64(p.part.Index), 0, 0
	p.offsets = make([]int64, len(p.sizes))
	if p.spec.RW.Skip < 0 {
		for i, size := range p.sizes {
			p.offsets[i] = size - p.step
		}
	}
}

// next returns the next block, or false when the pass is over.
func (p *pattern) next() (block, bool) {
	if p.moved >= p.limit {
		return block{}, false
	}
	b := block{dir: p.direction()}
	var ok bool
	if p.spec.RW.Random {
		ok = p.random(&b)
	} else {
		ok = p.sequential(&b)
	}
	p.moved += int64(b.len)
	return b, ok
}

func (p *pattern) direction() measure.Direction {
	switch m := p.spec.RW; {
	case !m.Write:
		return measure.Read
	case m.Read && p.rand.IntN(100) < p.spec.ReadPercent:
		return measure.Read
	}
	return measure.Write
}

// length draws the size of a block that begins at off of a file of that size.
func (p *pattern) length(dir measure.Direction, off, size int64) int {
	r := p.spec.BS
	if dir == measure.Write {
		r = p.spec.WriteBS
	}
	n := r.Min
	if r.Max > r.Min {
		n += p.rand.Int64N(r.Max/r.Min) * r.Min
	}
	return int(min(n, size-off))
}

func (p *pattern) random(b *block) bool {
	total := p.slots[len(p.slots)-1]
	if p.place >= total && p.spec.IOSize == 0 && p.spec.Random == job.EachOnce {
		return false
	}
	var slot uint64
	if p.spec.Random == job.Anywhere {
		slot = p.draws.Uint64N(total)
	} else {
		slot = p.order.at(p.place % total)
	}
	p.place += uint64(p.part.Of)
	for b.file = 0; slot >= p.slots[b.file]; b.file++ {
	}
	if b.file > 0 {
		slot -= p.slots[b.file-1]
	}
	b.off = int64(slot) * p.step
	b.len = p.length(b.dir, b.off, p.sizes[b.file])
	return true
}

// sequential takes the files in turn, each from one end to the other.
func (p *pattern) sequential(b *block) bool {
	for range p.sizes {
		f := p.turn
		p.turn = (p.turn + 1) % len(p.sizes)
		off := p.offsets[f]
		if off < 0 || off >= p.sizes[f] {
			continue
		}
		b.file, b.off = f, off
		b.len = p.length(b.dir, off, p.sizes[f])
		p.offsets[f] += int64(b.len) + p.spec.RW.Skip
		return true
	}
	return false
}
