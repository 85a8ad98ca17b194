package mailstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// Mail is a message that Fetch has opened. It is for one goroutine.
type Mail struct {
	Entry
	GUID        string    // as in the file
	Received    time.Time // zero if the file does not say
	Size        int64     // of the message in bytes, with LF
	StoredSize  int64     // of the body in the file; less than Size when it is compressed or attachments are elsewhere
	VirtualSize int64     // with CRLF; dboxfmt.UnknownSize if the file does not say
	Metadata    dboxfmt.Metadata

	file   *fsapi.File
	stream *dboxfmt.MessageStream
	saved  time.Time
	lost   error // there is nothing to read; file and stream are nil

	fsys       *fsapi.FS
	attachment func(ref string) string // nil: not known
	parts      *assembly               // in use by a BodyReader
}

// FindAttachments says where the files of attachments are that Dovecot has taken
// out of messages; path gets the reference in the metadata.
func (m *Mail) FindAttachments(fsys *fsapi.FS, path func(ref string) string) {
	m.fsys, m.attachment = fsys, path
}

// NewMail returns a message that is being read. The stream, which owns file
// where nobody else does, is the Mail's from now on. saved may be zero.
func NewMail(e Entry, file *fsapi.File, stream *dboxfmt.MessageStream, saved time.Time) *Mail {
	return &Mail{Entry: e, file: file, stream: stream, saved: saved}
}

// LostMail returns a message that a mailbox has and no file: whatever is to be read
// of it is the error.
func LostMail(e Entry, lost error) *Mail { return &Mail{Entry: e, lost: lost} }

// Load waits until everything but the body is known. Fetch has done that.
func (m *Mail) Load(ctx context.Context) error {
	if m.lost != nil {
		return m.lost
	}
	var msg *dboxfmt.Message
	err := waitFor(ctx, m.file, func() (err error) {
		msg, err = m.stream.Message()
		return err
	})
	if err != nil {
		return err
	}
	return m.describe(msg)
}

func (m *Mail) describe(msg *dboxfmt.Message) (err error) {
	m.Metadata, m.StoredSize = msg.Metadata, msg.BodySize
	if m.Size, err = msg.PlainSize(); err != nil {
		return err
	}
	if m.VirtualSize, err = optional(msg.Metadata.VirtualSize()); err != nil {
		return err
	}
	if msg.Metadata == nil || m.VirtualSize == 0 && m.Size > 0 {
		m.VirtualSize = dboxfmt.UnknownSize
	}
	if m.Received, err = optional(msg.Metadata.Received()); err != nil {
		return err
	}
	m.GUID, err = optional(msg.Metadata.GUID())
	return err
}

// optional turns an item that is not there into the zero value.
func optional[T any](v T, err error) (T, error) {
	if errors.Is(err, dboxfmt.ErrNoItem) {
		var zero T
		return zero, nil
	}
	return v, err
}

// Saved returns when the message was put into the store: what its file says, or
// the index, or else when its file was last written.
func (m *Mail) Saved(ctx context.Context) (time.Time, error) {
	if t, err := m.Metadata.Saved(); err == nil {
		return t, nil
	}
	if !m.saved.IsZero() {
		return m.saved, nil
	}
	if m.lost != nil {
		return time.Time{}, m.lost
	}
	info, err := m.file.Stat(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// ErrIncomplete: the bytes of a message are not there as they are: it is
// compressed, or has attachments in files of which it is not known where they
// are. StoredBody has what there is.
var ErrIncomplete = errors.New("mailstore: message is not stored as plain text")

// Plain reports whether the bytes in the file are the message.
func (m *Mail) Plain() bool {
	_, parts := m.Metadata.Get('X')
	return !parts && m.Size == m.StoredSize
}

// Body returns the message, from the start wherever another Body has been read
// to; only one can be in use. It gives what has come, so the header can be
// worked on while the rest is on its way. Its reads wait, and end with ctx. What
// cannot be read as a message is an ErrIncomplete.
func (m *Mail) Body(ctx context.Context) (*BodyReader, error) {
	if m.Plain() {
		return m.StoredBody(ctx)
	}
	if _, parts := m.Metadata.Get('X'); !parts {
		return nil, ErrIncomplete
	}
	a, err := m.assemble(ctx)
	if err != nil {
		return nil, err
	}
	m.closeParts()
	m.parts = a
	return &BodyReader{ctx: ctx, mail: m, parts: a}, nil
}

func (m *Mail) closeParts() {
	if m.parts != nil {
		m.parts.close()
		m.parts = nil
	}
}

// StoredBody is Body for the bytes that are in the file, whatever they are.
func (m *Mail) StoredBody(ctx context.Context) (*BodyReader, error) {
	if m.lost != nil {
		return nil, m.lost
	}
	if _, err := m.stream.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &BodyReader{ctx: ctx, mail: m}, nil
}

// Header returns the header of the message, the empty line included, or its
// first limit bytes.
func (m *Mail) Header(ctx context.Context, limit int) ([]byte, error) {
	body, err := m.Body(ctx)
	if err != nil {
		return nil, err
	}
	var header []byte
	for chunk := make([]byte, 4096); len(header) < limit; {
		n, err := body.Read(chunk)
		from := max(0, len(header)-1)
		header = append(header, chunk[:n]...)
		if end := endOfHeader(header, from); end >= 0 {
			header = header[:end]
			break
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return header[:min(len(header), limit)], nil
}

// endOfHeader returns the place behind the first empty line, -1 if there is
// none. No line before from is empty.
func endOfHeader(b []byte, from int) int {
	if len(b) > 0 && b[0] == '\n' {
		return 1
	}
	if at := bytes.Index(b[from:], []byte("\n\n")); at >= 0 {
		return from + at + 2
	}
	return -1
}

// Close gives the message back. A second Close does nothing.
func (m *Mail) Close() error {
	m.closeParts()
	if m.lost != nil {
		return nil
	}
	if err := m.stream.Close(); !errors.Is(err, fsapi.ErrClosed) {
		return err
	}
	return nil
}

// readStored reads the stored body where the stream is, and waits.
func (m *Mail) readStored(ctx context.Context, p []byte) (n int, err error) {
	err = waitFor(ctx, m.file, func() error {
		n, err = m.stream.Read(p)
		if n > 0 && errors.Is(err, fsapi.ErrAgain) {
			return nil
		}
		return err
	})
	return n, err
}

// BodyReader reads a message and waits for it. It is an io.ReadSeeker.
type BodyReader struct {
	ctx   context.Context
	mail  *Mail
	parts *assembly // nil: the message is the stored body
}

// Read implements io.Reader. With FetchOptions.Verify a body that is not the
// one that was saved ends with a dboxfmt.ErrChecksum.
func (b *BodyReader) Read(p []byte) (int, error) {
	if b.parts != nil {
		return b.parts.read(p)
	}
	return b.mail.readStored(b.ctx, p)
}

// Seek implements io.Seeker. What it leaves out is not verified.
func (b *BodyReader) Seek(offset int64, whence int) (int64, error) {
	if b.parts == nil {
		return b.mail.stream.Seek(offset, whence)
	}
	switch whence {
	case io.SeekCurrent:
		offset += b.parts.pos
	case io.SeekEnd:
		offset += b.mail.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d: before the message", offset)
	}
	b.parts.seek(offset)
	return offset, nil
}
