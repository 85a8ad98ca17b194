package dboxfmt

import (
	"errors"
	"io"
	"io/fs"

	"github.com/ringbox/ringbox/fsapi"
)

// forwardWay reads a file as it comes.
type forwardWay struct {
	*Decoder
	path string
	msg  *Message // nil: not begun
}

func newForwardWay(f *fsapi.File, opts StreamOptions) *forwardWay {
	in := &arrival{file: f, more: opts.Arriving}
	w := &forwardWay{
		Decoder: NewDecoder(in, DecoderOptions{Name: opts.name(f), Single: true, Verify: opts.Verify}),
		path:    f.Path(),
	}
	_, _ = w.message() // what is wrong comes out of the next call as well
	return w
}

func (w *forwardWay) fileHeader() (FileHeader, error) { return w.Header() }

func (w *forwardWay) message() (*Message, error) {
	if w.msg == nil {
		m, err := w.Next()
		if err != nil {
			return nil, err
		}
		w.msg = m
	}
	return w.msg, nil
}

func (w *forwardWay) Read(p []byte) (int, error) {
	if _, err := w.message(); err != nil {
		return 0, err
	}
	return w.Decoder.Read(p)
}

func (w *forwardWay) Seek(int64, int) (int64, error) {
	return 0, &fs.PathError{Op: "seek", Path: w.path, Err: errors.ErrUnsupported}
}

// arrival reads a file forward. As long as more may come, it has no end.
type arrival struct {
	file *fsapi.File
	at   int64
	more func() bool // nil: the file is complete
}

func (a *arrival) Read(p []byte) (int, error) {
	n, err := a.file.Pread(p, a.at)
	for err == io.EOF && a.more != nil {
		if a.more() {
			return 0, fsapi.ErrAgain
		}
		// The end may have been seen before the last bytes came.
		a.more = nil
		n, err = a.file.Pread(p, a.at)
	}
	a.at += int64(n)
	return n, err
}
