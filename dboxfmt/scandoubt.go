package dboxfmt

// confirmSized also looks for two kinds of damage that leave the parts of a
// message fitting together: the end of the block is lost, so that it runs into
// the next message; and the size is wrong in just such a way that the body ends
// at a block that is not its own.
func (f *finder) confirmSized(head mark) (*confirmed, error) {
	block, end, ok, err := f.sized(head)
	if !ok || err != nil {
		return nil, err
	}
	p := head.at
	m, err := f.message(p, block, end)
	if m == nil || err != nil {
		return nil, err
	}
	c := &confirmed{Message: m}
	text, err := f.bytes(block, end-block)
	if err != nil {
		return nil, err
	}
	next, err := f.headerWithin(text, block)
	switch {
	case err != nil:
		return nil, err
	case next >= 0:
		return c, f.cutBlock(c, block, next)
	}
	fit := f.fitOf(m)
	if fit == fits {
		return c, nil
	}
	if fit == fitsNot && p != f.chain {
		end = 0
	}
	if other, err := f.overlapped(m, block, end); other || err != nil {
		return nil, err
	}
	if fit == fitsNot && !m.fitsVirtualSize(m.BodySize) {
		c.reason = "V, the virtual size, does not fit the size of the body"
	}
	return c, nil
}

// cutBlock is for a block that goes on over the start of the next message.
func (f *finder) cutBlock(c *confirmed, block, next int64) error {
	loose, err := f.loose(block, next)
	c.Metadata, c.Length = loose.meta, next-c.Offset
	c.reason = "the end of the metadata block is damaged"
	return err
}

// fit says whether V, the virtual size, is that of the body.
type fit uint8

const (
	fitUnknown fit = iota
	fits
	fitsNot
)

// fitOf counts if the body is in memory and the credit allows it. Compressed
// bodies and those with parts elsewhere cannot be compared. A block without V
// speaks against the message: every writer writes it.
func (f *finder) fitOf(m *Message) fit {
	v, err := m.Metadata.VirtualSize()
	switch {
	case !m.Metadata.plain():
		return fitUnknown
	case err != nil:
		return fitsNot
	}
	if !m.fitsVirtualSize(m.BodySize) {
		return fitsNot
	}
	body := f.near(m.BodyOffset, m.BodySize)
	if body == nil || !f.afford(m.BodySize) {
		return fitUnknown
	}
	f.work += m.BodySize
	var passed tally
	passed.add(body)
	if passed.virtual(tally{}) == v {
		return fits
	}
	return fitsNot
}

// fitsVirtualSize says whether V can be that of a body of size bytes: V counts
// each bare LF twice.
func (m *Message) fitsVirtualSize(size int64) bool {
	v, err := m.Metadata.VirtualSize()
	return err != nil || !m.Metadata.plain() || v >= size && v-size <= size
}

// overlapped says whether another message that starts within the body of m
// reaches at least to end, and so has a better claim. Messages that m's body
// merely contains speak against m only if m's own V does and nothing speaks for
// it, not even that it starts where the message before ends: then end is 0.
func (f *finder) overlapped(m *Message, block, end int64) (bool, error) {
	if !f.afford(m.BodySize) {
		return false, nil
	}
	for from := m.BodyOffset; ; {
		mk, ok, err := f.within(from, block)
		if !ok || err != nil {
			return false, err
		}
		from = mk.at + 1
		if end > 0 && mk.size < block-mk.at-int64(f.h.MessageHeaderSize) {
			continue
		}
		if other, err := f.betterThan(mk, end); other || err != nil {
			return other, err
		}
	}
}

// within is the next header that starts from an offset on and before another. It
// does not move what is in memory. Unless the credit allows it there is none.
func (f *finder) within(from, to int64) (mark, bool, error) {
	if !f.affordLook(1 << 8) {
		return mark{}, false, nil
	}
	p := f.near(from, to-from)
	if p == nil {
		m, ok, err := f.aside.next(from, onlyHeaders, nil)
		return m, ok && m.at < to, err
	}
	here := f.mem[from-f.base:]
	here = here[:min(len(here), len(p)+maxMessageHeader+sizeDigits)]
	for i := f.shapes.next(here, 0, onlyHeaders); i < len(p); i = f.shapes.next(here, i+1, onlyHeaders) {
		if m, ok := f.shapes.parse(here, i); ok && m.at >= 0 {
			m.at += from
			m.start = m.at - int64(f.h.MessageHeaderSize) - m.size
			return m, true, nil
		}
	}
	return mark{}, false, nil
}

// betterThan says whether other starts a message that ends at or behind end, and
// whose V fits it. If end is 0 it is enough that V does not tell; and so it is if
// both end in the same block and are compressed: no such body has by chance a
// header in it that leads there.
func (f *finder) betterThan(other mark, end int64) (bool, error) {
	if !f.affordLook(4 << 10) {
		return false, nil
	}
	block, otherEnd, ok, err := f.sized(other)
	if !ok || otherEnd < end || err != nil {
		return false, err
	}
	m, err := f.message(other.at, block, otherEnd)
	if m == nil || err != nil {
		return false, err
	}
	fit := f.fitOf(m)
	sameBlock := otherEnd == end && !m.Metadata.plain()
	return fit == fits || fit == fitUnknown && (end == 0 || sameBlock), nil
}
