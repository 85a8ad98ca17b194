package dboxfmt

import "errors"

// verify compares the body of an intact message with H.
func (c *Scanner) verify(r *Range) error {
	sum, err := c.find.sum(r.Message)
	if err != nil {
		return err
	}
	var bad *FormatError
	if errors.As(sum.check(r.Message), &bad) {
		r.Verdict, r.Reason = Damaged, bad.Reason
	}
	return nil
}

// sum reads a body, in pieces.
func (f *finder) sum(m *Message) (sum bodySum, err error) {
	err = f.eachPiece(m.BodyOffset, m.BodySize, sum.add)
	return sum, err
}

// eachPiece gives a range of the file to do, a piece at a time.
func (f *finder) eachPiece(offset, n int64, do func(p []byte)) error {
	const piece = 64 << 10
	for end := offset + n; offset < end; {
		p, err := f.bytes(offset, min(piece, end-offset))
		if err != nil {
			return err
		}
		f.work += int64(len(p))
		do(p)
		offset += int64(len(p))
	}
	return nil
}
