package dboxfmt

import "fmt"

// foreign looks for messages of the layout that was not chosen, in ranges whose
// end nothing confirms. Where the file header is lost it may have been the right
// one, and its messages must not be lost for that.
func (c *Scanner) foreign(r Range) ([]Range, error) {
	if c.other == nil || !r.open() {
		return []Range{r}, nil
	}
	m, err := c.other.nextConfirmed(r.Offset)
	if err != nil || m == nil || m.Offset >= r.End() {
		return []Range{r}, err
	}
	if own, err := c.find.nextConfirmed(r.Offset + 1); err != nil || own != nil && own.Offset < m.End() {
		return []Range{r}, err
	}
	found := Range{Offset: m.Offset, Length: m.Length, Verdict: Damaged, Message: m.Message}
	found.Reason = fmt.Sprintf("a message of version %d", m.Version)
	if m.Offset == r.Offset {
		return []Range{found}, nil
	}
	return []Range{r.cutAt(m.Offset), found}, nil
}

// open says whether only one end of the range, or none, is sure.
func (r *Range) open() bool {
	lost := r.Verdict == Damaged && r.Message.BodyOffset == r.Offset
	return r.Verdict == Garbage || r.Verdict == Truncated || r.Verdict == TornTail || lost
}

// cutAt is what is left of the range before an offset.
func (r Range) cutAt(end int64) Range {
	if r.Message == nil || r.Message.BodyOffset > end {
		return garbage(r.Offset, end, r.Reason)
	}
	m := *r.Message
	m.Length, m.BodySize, m.Metadata = end-m.Offset, end-m.BodyOffset, nil
	return Range{Offset: r.Offset, Length: m.Length, Verdict: Truncated, Reason: r.Reason, Message: &m}
}
