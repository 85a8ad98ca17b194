package dboxfmt

import (
	"errors"
	"io"
)

// Body reads the body of a message that a reader of this package has found in
// the file. With verify, the last Read compares it with H: the bytes have been
// handed out by then, and an [ErrChecksum] comes in place of io.EOF. Version 1
// and 2 messages without H cannot be verified and are read as they are.
func (s Source) Body(m *Message, verify bool) *BodyReader {
	return &BodyReader{src: s, msg: m, verify: verify}
}

// BodyReader is made by [Source.Body]. It is for one goroutine.
type BodyReader struct {
	src    Source
	msg    *Message
	verify bool
	at     int64   // in the body, of the next byte
	sum    bodySum // of the bytes from the start on that have been read without a gap
}

var _ io.ReadSeeker = (*BodyReader)(nil)

// Read reads the next bytes. After an error of the Source's reader it can be
// called again.
func (b *BodyReader) Read(p []byte) (int, error) {
	rest := b.msg.BodySize - b.at
	switch {
	case b.msg.BodySize < 0:
		return 0, ErrState // of a Decoder that has not reached the end
	case rest <= 0:
		return 0, b.verdict()
	case len(p) == 0:
		return 0, nil
	}
	n, err := b.src.R.ReadAt(p[:min(int64(len(p)), rest)], b.msg.BodyOffset+b.at)
	if n < 0 || n > len(p) {
		return 0, errImpossibleCount
	}
	b.add(p[:n])
	switch {
	case n == 0 && err == nil:
		err = io.ErrNoProgress // against the contract of io.ReaderAt
	case err == io.EOF && b.at < b.msg.BodySize:
		missing := b.msg.BodySize - b.at
		err = placed(fault(b.at, ErrTruncated, "the file ends %d bytes before the end of a body", missing), b.src.Name, b.msg.BodyOffset)
	case err == io.EOF:
		err = nil
	}
	return n, err
}

// add counts p, which was read at b.at. What was summed before stays summed.
func (b *BodyReader) add(p []byte) {
	if known := b.sum.size - b.at; b.verify && known >= 0 && known < int64(len(p)) {
		b.sum.add(p[known:])
	}
	b.at += int64(len(p))
}

// Seek implements io.Seeker, within the body. A body of which Seek has left out
// a part cannot be verified: its end is io.EOF.
func (b *BodyReader) Seek(offset int64, whence int) (int64, error) {
	switch {
	case b.msg.BodySize < 0:
		return 0, ErrState
	case whence == io.SeekCurrent:
		offset += b.at
	case whence == io.SeekEnd:
		offset += b.msg.BodySize
	case whence != io.SeekStart:
		return 0, errors.New("dboxfmt: Seek from an unknown place")
	}
	if offset < 0 {
		return 0, errors.New("dboxfmt: Seek to before the start of a body")
	}
	b.at = offset
	return offset, nil
}

func (b *BodyReader) verdict() error {
	if b.verify && b.sum.size == b.msg.BodySize {
		if err := b.sum.check(b.msg); err != nil {
			return placed(err, b.src.Name, 0)
		}
	}
	return io.EOF
}
