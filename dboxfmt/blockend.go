package dboxfmt

// blockEnd finds the end of a block in a buffer that grows, looking at every
// byte once.
type blockEnd struct {
	line int // start of the line that is not complete yet
	seen int // bytes looked at
}

// find returns the length of the block at the start of p, or 0 if p does not
// reach its end.
func (e *blockEnd) find(h FileHeader, p []byte) int {
	e.line = max(e.line, h.blockHeadSize())
	for e.seen = max(e.seen, e.line); e.seen < len(p); {
		e.seen++
		if p[e.seen-1] != '\n' {
			continue
		}
		line := p[e.line : e.seen-1]
		e.line = e.seen
		if endsBlock(h.Version, line) {
			return e.seen
		}
	}
	return 0
}
