package dboxfmt

import "strings"

// endTorn: the file ends in the wreck.
func (g *gap) endTorn(end int64) ([]Range, error) {
	reason := "the file ends in the message"
	if g.form == partHeader {
		reason = ""
	}
	bodyEnd, err := g.tornBody()
	if err != nil {
		return nil, err
	}
	return []Range{g.damage(g.wreck, g.start, bodyEnd, end, TornTail, nil, reason)}, nil
}

// tornBody is where the body of the last message ends: before what may be the
// first bytes of its metadata block.
func (g *gap) tornBody() (int64, error) {
	if g.h.Version < 3 {
		return g.tornSized()
	}
	end := g.src.Size
	if g.sep == "" {
		return end, nil
	}
	own := newMarker(g.sep)
	from := max(g.body, end-int64(own.size()))
	tail, err := g.bytes(from, end-from)
	if err != nil {
		return 0, err
	}
	n, _ := own.find(tail, from-g.body)
	return from + int64(n), nil
}

func (g *gap) tornSized() (int64, error) {
	end, claim := g.src.Size, g.body+g.size
	if g.size < 0 || claim > end || end-claim >= int64(len(blockHeadV2)) {
		return end, nil
	}
	begun, err := g.bytes(claim, end-claim)
	if err == nil && strings.HasPrefix(blockHeadV2, string(begun)) {
		end = claim
	}
	return end, err
}
