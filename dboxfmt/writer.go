package dboxfmt

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
)

// WriterOptions are the choices of [NewWriter] and [NewAppender].
type WriterOptions struct {
	Random io.Reader // source of separators; nil: crypto/rand
}

// Writer writes messages of version 2 or 3, one after the other, to the end of
// a file. It never goes back and holds no body in memory.
//
//	w, err := dboxfmt.NewWriter(file, dboxfmt.NewFileHeader(3, time.Now()), dboxfmt.WriterOptions{})
//	m, err := w.Create(dboxfmt.UnknownSize)
//	io.Copy(m, body)
//	msg, err := m.Finish(metadata) // where it is, and with what metadata
//
// Nothing is synced: what Finish reports is true once the file is on the device.
// After an error of the underlying writer the call can be repeated, with the
// bytes that were not taken. A Writer is for one goroutine.
type Writer struct {
	w       io.Writer
	header  FileHeader
	random  io.Reader
	pending []byte // headers and metadata blocks on their way out
	offset  int64  // in the file, of what is written next, pending included
	current *MessageWriter
	fail    error
}

// NewWriter returns a Writer for a new file. The header is written together
// with the first message.
func NewWriter(w io.Writer, h FileHeader, opts WriterOptions) (*Writer, error) {
	line, err := h.Append(nil)
	if err != nil {
		return nil, err
	}
	out, err := NewAppender(w, h, int64(len(line)), opts)
	if err != nil {
		return nil, err
	}
	out.pending = line
	return out, nil
}

// NewAppender returns a Writer for a file that exists, whose header is h and
// whose size in bytes is offset. It is the caller's duty to know that a complete
// message ends there.
func NewAppender(w io.Writer, h FileHeader, offset int64, opts WriterOptions) (*Writer, error) {
	if h.Version != 2 && h.Version != 3 {
		return nil, fault(0, ErrVersion, "version %d cannot be written", h.Version)
	}
	if _, err := h.Append(nil); err != nil {
		return nil, err
	}
	if offset < h.Size() {
		return nil, fmt.Errorf("%w: appending at offset %d, within the file header", ErrState, offset)
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	return &Writer{w: w, header: h, random: opts.Random, offset: offset}, nil
}

// Create begins a message. size is the length of its body in bytes, or, in
// version 3, UnknownSize. The message before must be finished.
func (w *Writer) Create(size int64) (*MessageWriter, error) {
	switch {
	case w.fail != nil:
		return nil, w.fail
	case w.current != nil:
		return nil, fmt.Errorf("%w: the message before is not finished", ErrState)
	case size == UnknownSize && w.header.Version == 2:
		return nil, fmt.Errorf("%w: version 2 needs the size first; use CreateSpooled", ErrWrongSize)
	case size < UnknownSize:
		return nil, fmt.Errorf("%w: %d bytes", ErrWrongSize, size)
	}
	mh := MessageHeader{Type: unknownMessageType, Size: size}
	if w.header.Version == 3 {
		separator, err := w.newSeparator()
		if err != nil {
			return nil, err
		}
		mh.Separator, mh.Size = separator, UnknownSize
	}
	m := &MessageWriter{w: w, announced: size, msg: newMessage(w.header, mh, w.offset), own: newMarker(mh.Separator)}
	w.queue(mh.append(nil, w.header))
	w.current = m
	return m, nil
}

// newSeparator makes each character of 6 random bits.
func (w *Writer) newSeparator() (string, error) {
	length := w.header.MessageHeaderSize - headerFrameV3
	raw := make([]byte, (length*6+7)/8)
	if _, err := io.ReadFull(w.random, raw); err != nil {
		return "", fmt.Errorf("%w: random source: %w", ErrSeparator, err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)[:length], nil
}

func (w *Writer) queue(p []byte) {
	w.pending = append(w.pending, p...)
	w.offset += int64(len(p))
}

// flush writes what is pending.
func (w *Writer) flush() error {
	for len(w.pending) > 0 {
		n, err := w.write(w.pending)
		w.pending = w.pending[n:]
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes once and makes sure that a short write has an error.
func (w *Writer) write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	switch {
	case n < 0 || n > len(p):
		return 0, fmt.Errorf("dboxfmt: Write returned an impossible count: %d of %d", n, len(p))
	case n < len(p) && err == nil:
		return n, io.ErrShortWrite
	}
	return n, err
}

// failed makes err the answer to everything from now on: the file has a
// message in it that nobody can read.
func (w *Writer) failed(err error) error {
	w.fail = err
	return err
}
