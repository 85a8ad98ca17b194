package mbox

import (
	"bytes"
	"io"
)

// Writer writes messages to a file, one after the other.
//
//	err := w.Create(from, status)
//	io.Copy(w, text)
//	err = w.Finish()
//
// After an error the file is of no use beyond what was finished before.
type Writer struct {
	w       io.Writer
	scratch []byte
	state   int // how much of "From " was seen behind any ">" of this line; -1: not at the start of a line
}

const elsewhere = -1

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Create begins a message.
func (w *Writer) Create(from From, status Status) error {
	w.state = 0
	_, err := w.w.Write(status.append(from.append(w.scratch[:0])))
	return err
}

// Write appends to the text of the message. The start of a line can stay behind
// until it is known whether it has to be quoted.
func (w *Writer) Write(p []byte) (int, error) {
	out := w.scratch[:0]
	for at := 0; at < len(p); {
		if w.state == elsewhere {
			n := bytes.IndexByte(p[at:], '\n') + 1
			if n == 0 {
				n = len(p) - at
			} else {
				w.state = 0
			}
			out = append(out, p[at:at+n]...)
			at += n
			continue
		}
		out = w.lineStart(out, p[at])
		at++
	}
	w.scratch = out
	if _, err := w.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// lineStart takes one byte of what may become a quoted From_ line.
func (w *Writer) lineStart(out []byte, c byte) []byte {
	switch {
	case c == fromPrefix[w.state]:
		if w.state++; w.state < len(fromPrefix) {
			return out
		}
		w.state = elsewhere
		return append(out, ">"+fromPrefix...)
	case c == '>' && w.state == 0:
		return append(out, c)
	}
	out = append(out, fromPrefix[:w.state]...)
	w.state = elsewhere
	if c == '\n' {
		w.state = 0
	}
	return append(out, c)
}

// Finish ends the message with an empty line; or, if its last line has no line
// end, with that.
func (w *Writer) Finish() error {
	out := w.scratch[:0]
	if w.state != elsewhere {
		out = append(out, fromPrefix[:w.state]...)
	}
	w.state = elsewhere
	_, err := w.w.Write(append(out, '\n'))
	return err
}
