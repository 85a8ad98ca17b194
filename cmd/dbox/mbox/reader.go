package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrFormat: the file does not start like an mbox file.
var ErrFormat = errors.New("not an mbox file")

// Message is one message of a file.
type Message struct {
	From
	Status
	Offset int64 // of the From_ line, in bytes from where the Reader started
}

// Reader reads the messages of a file in turn.
//
//	for {
//		m, err := r.Next() // io.EOF after the last
//		io.Copy(w, r)      // its text
//	}
type Reader struct {
	br      *bufio.Reader
	off     int64 // of what br returns next
	started bool
	crlf    bool   // the From_ line of this message ends with CRLF
	where   place  // in the text
	heldEnd string // a line end that may be the last before a From_ line
	out     []byte // text on its way out
	done    bool   // the text is complete
}

const bufferSize = 64 << 10 // also as far as Status lines are looked for

// NewReader returns a Reader of the messages of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{br: bufio.NewReaderSize(r, bufferSize), done: true}
}

// Next goes to the next message, over what is left of the one before.
func (r *Reader) Next() (*Message, error) {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil {
		return nil, err
	}
	if !r.started {
		if err := r.skipEmptyLines(); err != nil {
			return nil, err
		}
		r.started = true
	}
	line, err := r.peekLine()
	if err != nil {
		return nil, err
	}
	if len(line) == 0 {
		return nil, io.EOF
	}
	m := &Message{Offset: r.off}
	text := strings.TrimRight(string(line), "\r\n")
	if m.From, _ = parseFrom(text); !strings.HasPrefix(text, fromPrefix) {
		return nil, fmt.Errorf("offset %d: %w: it starts with %.20q, not with %q", r.off, ErrFormat, text, fromPrefix)
	}
	r.crlf = bytes.HasSuffix(line, []byte("\r\n"))
	r.discard(len(line))
	head, err := r.peekHeader()
	if err != nil {
		return nil, err
	}
	m.Status = parseStatus(head)
	r.discard(ownLines(head))
	r.where, r.heldEnd, r.done = lineStart, "", false
	return m, nil
}

func (r *Reader) skipEmptyLines() error {
	for {
		p, err := r.br.Peek(1)
		if len(p) == 0 || p[0] != '\n' && p[0] != '\r' {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		r.discard(1)
	}
}

// peekLine returns the line that follows with its line end; without one if it
// is longer than a From_ line may be, or the last. At the end of the file it
// is empty.
func (r *Reader) peekLine() ([]byte, error) {
	p, err := r.br.Peek(maxFromLine)
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		return p[:i+1], nil
	}
	if err == io.EOF {
		err = nil
	}
	return p, err
}

// peekHeader returns the header of the message, or as much as fits into the
// buffer.
func (r *Reader) peekHeader() ([]byte, error) {
	for size := 4 << 10; ; size = bufferSize {
		p, err := r.br.Peek(size)
		switch {
		case err != nil && err != io.EOF:
			return nil, err
		case err == io.EOF, size == bufferSize, bytes.Contains(p, []byte("\n\n")), bytes.Contains(p, []byte("\n\r\n")):
			return p, nil
		}
	}
}

func (r *Reader) discard(n int) {
	r.br.Discard(n) // never more than was peeked
	r.off += int64(n)
}
