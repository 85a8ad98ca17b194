package dboxfmt

// Versions 1 and 2: a header says where its block must be.

// knownBlock remembers what blockAt has found out.
type knownBlock struct{ at, end int64 }

const (
	knownBlocks = 1 << 14
	freeProbes  = 64 // looks at far places before the whole file is surveyed
)

// nextSized is the first confirmed message at or after from.
func (f *finder) nextSized(from int64) (*confirmed, error) {
	headers := stretchOf{from, f.src.Size}
	for {
		m := mark{at: nowhere}
		err := f.each(from, onlyHeaders, func(i int) int64 {
			at := f.base + int64(i)
			headers.to = min(headers.to, at)
			size, ok := hex16(f.mem[i+sizeAt:])
			if !ok || !f.mayLead(at, size) {
				return at + 1
			}
			m = mark{at: at, size: size}
			return f.src.Size
		})
		if err != nil {
			return nil, err
		}
		f.quiet.header = headers
		if m.at == nowhere {
			return nil, nil
		}
		from = m.at + 1
		if c, err := f.confirmSized(m); c != nil || err != nil {
			return c, err
		}
	}
}

// mayLead says quickly whether a header can lead to a block.
func (f *finder) mayLead(at, size int64) bool {
	body := at + int64(f.h.MessageHeaderSize)
	if size > f.src.Size-body-int64(len(blockHeadV2)) {
		return false
	}
	block := body + size
	if i := block - f.base; i <= int64(len(f.mem)-len(blockHeadV2)) {
		return string(f.mem[i:i+int64(len(blockHeadV2))]) == blockHeadV2
	}
	return !f.far.complete || f.far.places.has(block)
}

// sized says whether a header leads to a metadata block, and where that is.
func (f *finder) sized(head mark) (block, end int64, ok bool, err error) {
	body := head.at + int64(f.h.MessageHeaderSize)
	if head.size > f.src.Size-body-int64(len(blockHeadV2)) {
		return 0, 0, false, nil
	}
	block = body + head.size
	if p := f.near(block, int64(len(blockHeadV2))); p != nil && string(p) != blockHeadV2 {
		return 0, 0, false, nil
	}
	end, err = f.blockAt(block)
	return block, end, end > 0, err
}

// blockAt returns the end of the metadata block that starts at q, or 0.
func (f *finder) blockAt(q int64) (int64, error) {
	if q >= f.end() {
		if may, err := f.mayBeBlock(q); !may || err != nil {
			return 0, err
		}
	}
	if f.blocks == nil {
		f.blocks = make([]knownBlock, min(knownBlocks, 1+f.src.Size/32))
	}
	known := &f.blocks[q%int64(len(f.blocks))]
	if known.at == q {
		return known.end, nil
	}
	end, err := f.blockExtent(q)
	if err == nil {
		*known = knownBlock{q, end}
	}
	return end, err
}

// mayBeBlock is about places that are not in memory.
func (f *finder) mayBeBlock(q int64) (bool, error) {
	if !f.far.complete {
		f.probes++
		if f.probes < freeProbes+f.base>>16 {
			return true, nil
		}
		if err := f.surveyBlocks(); err != nil {
			return false, err
		}
	}
	return f.far.places.has(q), nil
}

// blockExtent reads the block, first a little of it, then more.
func (f *finder) blockExtent(q int64) (int64, error) {
	for n := int64(len(blockHeadV2)); ; n *= 16 {
		n = min(n, maxBlock)
		p, err := f.bytes(q, n)
		if err != nil {
			return 0, err
		}
		if len(p) < len(blockHeadV2) || string(p[:len(blockHeadV2)]) != blockHeadV2 {
			return 0, nil
		}
		run := lineRun{version: f.h.Version, from: 1}
		here := view{mem: p[len(blockHeadV2):], base: 1}
		end, _, ok := run.resolve(&here, 1)
		switch {
		case ok:
			return q + int64(len(blockHeadV2)) + end - 1, nil
		case run.broken || int64(len(p)) < n || n == maxBlock:
			return 0, nil
		}
	}
}
