package dboxfmt

import "bytes"

// glance is what can be seen of a version 1 or 2 block without reading its
// items.
type glance struct {
	text  []byte // up to where the block ends, or the next one starts; nil: it is not in memory
	keys  keySet // of its items
	ended bool   // it ends as it should
	open  bool   // its end was not seen
}

// keySet has one bit for each key from A to Z.
type keySet uint32

func (s *keySet) add(key byte) {
	if key >= 'A' && key <= 'Z' {
		*s |= 1 << (key - 'A')
	}
}

func (s keySet) hasAny(keys string) bool {
	for _, key := range []byte(keys) {
		if s>>(key-'A')&1 != 0 {
			return true
		}
	}
	return false
}

// glanceWithin is how much of a block a glance is at.
const glanceWithin = 4 << 10

// glanceAt looks at a block that is in memory.
func (f *finder) glanceAt(block int64) (g glance) {
	p := f.near(block, min(glanceWithin, f.end()-block))
	if len(p) <= len(blockHeadV2) {
		return g
	}
	for at := len(blockHeadV2); at < len(p); {
		line := p[at:]
		n := lineEnd(line)
		switch {
		case n < 0:
			g.keys.add(line[0])
			g.text, g.open = p, true
			return g
		case endsBlock(f.h.Version, line[:n]):
			g.text, g.ended = p[:at+n+1], true
			return g
		case line[0] == blockMagic[0] && line[1] == blockMagic[1]:
			g.text = p[:at]
			return g
		}
		g.keys.add(line[0])
		at += n + 1
	}
	g.text, g.open = p, true
	return g
}

// hasGUID says whether a version 1 or 2 block in memory can be whole or torn,
// and have an item G.
func (f *finder) hasGUID(block int64) bool {
	g := f.glanceAt(block)
	return (g.ended || g.open) && g.keys.hasAny("G")
}

// hopeless says quickly of a version 1 or 2 block that it does not end the wreck:
// it has no V, is not that of a compressed body, and no header follows it.
func (g *gap) hopeless(block int64) (bool, error) {
	if g.form == noHeader || g.beyond > 0 || g.erased > 0 {
		return false, nil
	}
	b := g.glanceAt(block)
	end := block + int64(len(b.text))
	if b.text == nil || b.open || b.keys.hasAny("VXZ") || end == g.src.Size || bytes.Contains(b.text, []byte(messageMagic)) {
		return false, nil
	}
	if _, inner, err := g.lastHeader(g.passed.pos, block); inner || err != nil {
		return false, err
	}
	next, err := g.recognize(end)
	return next.form == noHeader, err
}
