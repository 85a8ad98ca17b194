package mbox

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// place is where in the text the reader stands.
type place int

const (
	lineStart place = iota
	inQuote         // behind a ">" that is held back
	inLine
)

// Read reads the text of the message that Next returned. io.EOF is its end.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.done {
			return 0, io.EOF
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill goes one step on. Everything that it returns from is a state from which
// it can go on, also after an error of the underlying reader.
func (r *Reader) fill() error {
	switch r.where {
	case lineStart:
		return r.startLine()
	case inQuote:
		return r.quoted()
	default:
		return r.line()
	}
}

func (r *Reader) startLine() error {
	start, err := r.br.Peek(len(fromPrefix))
	switch {
	case len(start) == 0 && err == io.EOF:
		r.done = true
		return nil
	case err != nil && err != io.EOF:
		return err
	}
	if string(start) == fromPrefix {
		line, err := r.peekLine()
		if err != nil {
			return err
		}
		if _, ok := parseFrom(strings.TrimRight(string(line), "\r\n")); ok {
			r.done = true
			return nil
		}
	}
	r.out = append(r.out[:0], r.heldEnd...)
	r.where = inLine
	if start[0] == '>' {
		r.discard(1)
		r.where = inQuote
	}
	return nil
}

// quoted decides about the ">" that is held back: which one of a row of them is
// left out makes no difference.
func (r *Reader) quoted() error {
	next, err := r.br.Peek(len(fromPrefix))
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case string(next) == fromPrefix:
		r.where = inLine
	case len(next) > 0 && next[0] == '>':
		r.discard(1)
		r.out = append(r.out[:0], '>')
	default:
		r.out = append(r.out[:0], '>')
		r.where = inLine
	}
	return nil
}

// line reads up to the end of the line or of the buffer.
func (r *Reader) line() error {
	chunk, err := r.br.ReadSlice('\n')
	r.off += int64(len(chunk))
	switch {
	case err == nil:
		r.where = lineStart
		r.heldEnd = "\n"
		if r.crlf && bytes.HasSuffix(chunk, []byte("\r\n")) {
			r.heldEnd = "\r\n"
		}
		chunk = chunk[:len(chunk)-len(r.heldEnd)]
	case len(chunk) > 1 && chunk[len(chunk)-1] == '\r' && err == bufio.ErrBufferFull:
		r.br.UnreadByte() // its LF may follow
		r.off--
		chunk = chunk[:len(chunk)-1]
	case err == io.EOF && len(chunk) == 0:
		r.done = true
	case err != io.EOF && err != bufio.ErrBufferFull && len(chunk) == 0:
		return err
	}
	r.out = append(r.out[:0], chunk...)
	return nil
}
