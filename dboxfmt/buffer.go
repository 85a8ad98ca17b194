package dboxfmt

import (
	"errors"
	"io"
)

const (
	minBuffer     = 16 << 10
	maxEmptyReads = 100
)

var errImpossibleCount = errors.New("dboxfmt: Read returned an impossible count")

// buffer holds the bytes that were read from a stream and not used yet. An
// error of the reader costs none of them: the next call goes on where it was.
type buffer struct {
	r          io.Reader
	mem        []byte
	start, end int   // of the unused bytes in mem
	eof        bool  // the reader has said io.EOF
	err        error // came with bytes, and is told when they are used up
}

// data is the unused bytes, valid until the next fill.
func (b *buffer) data() []byte { return b.mem[b.start:b.end] }

// skip drops n of the unused bytes.
func (b *buffer) skip(n int) { b.start += n }

// fill reads until there are n unused bytes. io.EOF: the stream has fewer.
func (b *buffer) fill(n int) error {
	for b.end-b.start < n {
		b.makeRoom()
		got, err := b.read(b.mem[b.end:])
		b.end += got
		if err != nil {
			return err
		}
	}
	return nil
}

// take moves bytes to p, at least one unless there is an error. Large requests
// go past the buffer when it is empty.
func (b *buffer) take(p []byte) (int, error) {
	if b.start == b.end && len(p) >= minBuffer {
		return b.read(p)
	}
	if err := b.fill(1); err != nil {
		return 0, err
	}
	n := copy(p, b.data())
	b.skip(n)
	return n, nil
}

// read reads at least one byte into p, or returns why not.
func (b *buffer) read(p []byte) (int, error) {
	if err := b.err; err != nil {
		b.err = nil
		return 0, err
	}
	for range maxEmptyReads {
		if b.eof {
			return 0, io.EOF
		}
		n, err := b.r.Read(p)
		if n < 0 || n > len(p) {
			return 0, errImpossibleCount
		}
		b.eof = err == io.EOF
		if n == 0 && err != nil {
			return 0, err
		}
		if n > 0 {
			if !b.eof {
				b.err = err
			}
			return n, nil
		}
	}
	return 0, io.ErrNoProgress
}

// makeRoom provides space behind the unused bytes. The memory doubles when they
// fill half of it, so it grows only as fast as bytes arrive.
func (b *buffer) makeRoom() {
	if b.start == b.end {
		b.start, b.end = 0, 0
	}
	if b.end < len(b.mem) {
		return
	}
	mem := b.mem
	if len(mem) == 0 || b.start < len(mem)/2 {
		mem = make([]byte, max(minBuffer, 2*len(mem)))
	}
	b.end = copy(mem, b.data())
	b.mem, b.start = mem, 0
}
