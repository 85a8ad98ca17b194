package dboxfmt

import (
	"io"

	"github.com/ringbox/ringbox/fsapi"
)

// StreamOptions are the choices of the three kinds of [MessageStream].
type StreamOptions struct {
	Name   string // of the file, for error messages; "" means its path
	Verify bool   // compare the body with H
	// Owns makes the file the stream's: Close closes it, and so cancels what is
	// in flight. Otherwise it is borrowed.
	Owns bool

	// Header, for NewRecordStream, is the header of the file if the caller knows
	// it; nil costs a read.
	Header *FileHeader
	// Arriving, for NewForwardStream, reports whether the file may still grow
	// because somebody else is writing it. While it does, the end of the file
	// as it is now is no end: ErrAgain. No callback fires and no Wait waits for
	// that; whoever makes the file grow knows when it is time to try again. nil:
	// the file is complete.
	Arriving func() bool
}

// MessageStream reads one message of a file without ever waiting. It is what an
// [fsapi.InputStream] is for whole files, and can be used wherever one can.
//
//	s := dboxfmt.NewRecordStream(f, extent, dboxfmt.StreamOptions{Verify: true})
//	s.SetCallback(func() { … })    // it is worth calling again
//	m, err := s.Message()          // sizes and metadata; fsapi.ErrAgain
//	n, err := s.Read(p)            // the body; fsapi.ErrAgain
//
// A stream starts reading when it is made: those made inside [fsapi.FS.Batch]
// go to the kernel together. After fsapi.ErrAgain the file's input callback
// fires when the call is worth repeating, and its Wait and FS.Wait return. Errors
// of the file are passed on as they are, and the call can be repeated; errors
// about the format are final.
//
// Besides what the file has read ahead, a stream holds small messages (up to
// 32 KiB) and the metadata block (up to 1 MiB) until the body has been read. It
// is for one goroutine, that of the file. A file has one callback: streams that
// share one at the same time share that, too.
type MessageStream struct {
	file   *fsapi.File
	owns   bool
	way    way
	called bool // SetCallback has been called
	closed bool
}

// way is how a stream gets at its message.
type way interface {
	fileHeader() (FileHeader, error)
	message() (*Message, error)
	io.ReadSeeker
}

// inputStream is what streams of files and of messages have in common.
type inputStream interface {
	io.ReadSeeker
	SetCallback(func())
}

var (
	_ inputStream = (*fsapi.InputStream)(nil)
	_ inputStream = (*MessageStream)(nil)
)

// NewRecordStream reads the message that an index says is at e. Everything is
// checked as by [Source.Record] before the first byte of the body is handed out.
func NewRecordStream(f *fsapi.File, e Extent, opts StreamOptions) *MessageStream {
	return opts.stream(f, newRecordWay(f, e, opts))
}

// NewSingleStream reads the message of a single-dbox file, from the end as
// [Source.Single]: metadata and sizes are known before the first byte of the
// body is handed out.
func NewSingleStream(f *fsapi.File, opts StreamOptions) *MessageStream {
	return opts.stream(f, newSingleWay(f, opts))
}

// NewForwardStream reads the message of a single-dbox file as a [Decoder]: the
// body can be read before the end of the file is there, and the sizes of version
// 3 and all metadata are known when Read has returned io.EOF.
//
// For multi-dbox files use a Decoder itself, over an [fsapi.InputStream].
func NewForwardStream(f *fsapi.File, opts StreamOptions) *MessageStream {
	return opts.stream(f, newForwardWay(f, opts))
}

func (o StreamOptions) stream(f *fsapi.File, w way) *MessageStream {
	return &MessageStream{file: f, owns: o.Owns, way: w}
}

func (o StreamOptions) name(f *fsapi.File) string {
	if o.Name != "" {
		return o.Name
	}
	return f.Path()
}

// Header returns the header of the file.
func (s *MessageStream) Header() (FileHeader, error) {
	if s.closed {
		return FileHeader{}, fsapi.ErrClosed
	}
	return s.way.fileHeader()
}

// Message returns where the message is, and its metadata; for a forward stream
// that is complete only when Read has returned io.EOF.
func (s *MessageStream) Message() (*Message, error) {
	if s.closed {
		return nil, fsapi.ErrClosed
	}
	return s.way.message()
}

// Read reads what is there of the body. With Verify, an [ErrChecksum] comes in
// place of io.EOF; the bytes have been handed out by then.
func (s *MessageStream) Read(p []byte) (int, error) {
	if s.closed {
		return 0, fsapi.ErrClosed
	}
	return s.way.Read(p)
}

// Seek implements io.Seeker, within the body, as soon as Message has returned
// one. A forward stream cannot seek: errors.ErrUnsupported. What Seek leaves out
// is not verified.
func (s *MessageStream) Seek(offset int64, whence int) (int64, error) {
	if s.closed {
		return 0, fsapi.ErrClosed
	}
	return s.way.Seek(offset, whence)
}

// SetCallback sets the input callback of the file; see
// [fsapi.File.SetInputCallback].
func (s *MessageStream) SetCallback(fn func()) {
	s.called = true
	s.file.SetInputCallback(fn)
}

// Close ends the stream, at any time. A callback set by SetCallback is removed,
// and a file that the stream owns is closed. A second Close returns
// fsapi.ErrClosed.
func (s *MessageStream) Close() error {
	switch {
	case s.closed:
		return fsapi.ErrClosed
	case s.owns:
		s.closed = true
		return s.file.Close()
	case s.called:
		s.file.SetInputCallback(nil)
	}
	s.closed = true
	return nil
}
