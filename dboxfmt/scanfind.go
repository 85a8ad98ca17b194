package dboxfmt

import "bytes"

// finder finds the confirmed messages of a file of one version: those whose
// header, body and metadata block fit together.
type finder struct {
	markReader
	h      FileHeader
	aside  markReader // for going ahead of the scan and back again
	far    survey
	ahead  ahead
	quiet  quiet
	chain  int64   // where a message should start, the one before having ended
	spent  account // of what afford allows
	looked account // of what affordLook allows

	// Versions 1 and 2.
	blocks []knownBlock
	probes int64

	// Version 3.
	pairs pairIndex
}

// confirmed is a message that a finder has found.
type confirmed struct {
	*Message
	reason string // what is wrong with it all the same, or ""
}

func newFinder(src Source, h FileHeader) *finder {
	s := shapesOf(h)
	return &finder{
		h:          h,
		markReader: markReader{view: view{src: src}, shapes: s},
		aside:      markReader{view: view{src: src}, shapes: s},
		pairs:      pairIndex{run: lineRun{version: 3}},
	}
}

// confirm returns the confirmed message that starts at p, nil if there is none.
func (f *finder) confirm(p int64) (*confirmed, error) {
	if err := f.cover(p); err != nil {
		return nil, err
	}
	m, ok, err := f.headerAt(p)
	if !ok || err != nil {
		return nil, err
	}
	return f.confirmMark(m)
}

// headerAt looks for the form of a message header at p.
func (f *finder) headerAt(p int64) (mark, bool, error) {
	head, err := f.bytes(p, int64(f.h.MessageHeaderSize))
	if err != nil {
		return mark{}, false, err
	}
	m, ok := f.shapes.headerAt(head)
	m.at = p
	return m, ok, nil
}

// confirmMark is confirm for a header whose form is known.
func (f *finder) confirmMark(m mark) (*confirmed, error) {
	if f.h.Version == 3 {
		return f.confirmPaired(m.at)
	}
	return f.confirmSized(m)
}

// starts says whether the parts of a message fit together whose header is m.
func (f *finder) starts(m mark) (bool, error) {
	if f.h.Version == 3 {
		_, ok, err := f.paired(m.at)
		return ok, err
	}
	_, _, ok, err := f.sized(m)
	return ok, err
}

// afford draws on the credit for checks that read a range once more. It is some
// times the size of the file, and used up only by files made to do so; what is
// not affordable is left out.
func (f *finder) afford(n int64) bool { return f.spent.draw(n, f.src.Size) }

// affordLook is the same for following a header that is within a body. It has a
// credit of its own: where there are many of them, the other is not used up.
func (f *finder) affordLook(n int64) bool { return f.looked.draw(n, f.src.Size) }

// account is what was drawn on a credit.
type account int64

func (a *account) draw(n, size int64) bool {
	if int64(*a)+n > 2*viewSize+4*size {
		return false
	}
	*a += account(n)
	return true
}

// message reads header and block of a message whose places are known.
func (f *finder) message(p, block, end int64) (*Message, error) {
	head, err := f.bytes(p, int64(f.h.MessageHeaderSize))
	if err != nil {
		return nil, err
	}
	mh, err := ParseMessageHeader(f.h, head)
	if err != nil {
		return nil, nil
	}
	m := newMessage(f.h, mh, p)
	text, err := f.bytes(block, end-block)
	if err != nil {
		return nil, err
	}
	b, err := ParseBlock(f.h, text)
	if err != nil {
		return nil, nil
	}
	m.BodySize = block - m.BodyOffset
	m.complete(b)
	return m, nil
}

// headerWithin is the offset of the first message that starts in p, which is at
// base; -1: there is none.
func (f *finder) headerWithin(p []byte, base int64) (int64, error) {
	if !bytes.Contains(p, []byte(messageMagic)) {
		return -1, nil
	}
	p = bytes.Clone(p) // what the views hold may change
	for i := 0; ; i++ {
		next := bytes.Index(p[i:], []byte(messageMagic))
		if next < 0 {
			return -1, nil
		}
		i += next
		m, ok, err := f.headerAt(base + int64(i))
		if ok {
			ok, err = f.starts(m)
		}
		if ok || err != nil {
			return base + int64(i), err
		}
	}
}
