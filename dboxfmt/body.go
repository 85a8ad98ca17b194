package dboxfmt

import "io"

// Body reads the body of a message that a reader of this package has found in
// the file. With verify, the last Read compares it with H: the bytes have been
// handed out by then, and an [ErrChecksum] comes in place of io.EOF. Version 1
// and 2 messages without H cannot be verified and are read as they are.
//
// For parts of a body, use an io.SectionReader from m.BodyOffset.
func (s Source) Body(m *Message, verify bool) *BodyReader {
	return &BodyReader{src: s, msg: m, verify: verify}
}

// BodyReader is made by [Source.Body]. It is for one goroutine.
type BodyReader struct {
	src    Source
	msg    *Message
	verify bool
	passed int64
	sum    bodySum
}

// Read reads the next bytes. After an error of the Source's reader it can be
// called again.
func (b *BodyReader) Read(p []byte) (int, error) {
	rest := b.msg.BodySize - b.passed
	switch {
	case b.msg.BodySize < 0:
		return 0, ErrState // of a Decoder that has not reached the end
	case rest == 0:
		return 0, b.verdict()
	case len(p) == 0:
		return 0, nil
	}
	n, err := b.src.R.ReadAt(p[:min(int64(len(p)), rest)], b.msg.BodyOffset+b.passed)
	if n < 0 || n > len(p) {
		return 0, errImpossibleCount
	}
	b.passed += int64(n)
	if b.verify {
		b.sum.add(p[:n])
	}
	switch {
	case n == 0 && err == nil:
		err = io.ErrNoProgress // against the contract of io.ReaderAt
	case err == io.EOF && b.passed < b.msg.BodySize:
		missing := b.msg.BodySize - b.passed
		err = placed(fault(b.passed, ErrTruncated, "the file ends %d bytes before the end of a body", missing), b.src.Name, b.msg.BodyOffset)
	case err == io.EOF:
		err = nil
	}
	return n, err
}

func (b *BodyReader) verdict() error {
	if b.verify {
		if err := b.sum.check(b.msg); err != nil {
			return placed(err, b.src.Name, 0)
		}
	}
	return io.EOF
}
