package dboxfmt

import (
	"errors"
	"io"
	"math"

	"github.com/ringbox/ringbox/fsapi"
)

// randomWay reads the message first and then the body, at offsets that the
// message tells. find is repeated until it says something else than ErrAgain.
type randomWay struct {
	kept   *keeper
	src    Source // of what surrounds the body
	verify bool
	find   func() (FileHeader, *Message, error)

	header FileHeader
	body   *BodyReader // nil: not found yet
	fail   error       // about the format
}

func newRandomWay(f *fsapi.File, opts StreamOptions) *randomWay {
	k := &keeper{file: f}
	return &randomWay{kept: k, src: Source{Name: opts.name(f), R: k}, verify: opts.Verify}
}

// newRecordWay asks for a small message as a whole; of a larger one for the
// start and the end.
func newRecordWay(f *fsapi.File, e Extent, opts StreamOptions) *randomWay {
	w := newRandomWay(f, opts)
	header := opts.Header
	w.find = func() (FileHeader, *Message, error) {
		if header == nil {
			h, err := w.src.Header()
			if err != nil {
				return FileHeader{}, nil, err
			}
			header = &h
		}
		m, err := w.src.Record(*header, e)
		return *header, m, err
	}
	if header == nil {
		w.kept.ask(0, maxFileHeader)
	}
	if e.Offset >= 0 && e.Length <= math.MaxInt64-e.Offset {
		w.kept.ask(e.Offset, min(e.Length, smallMessage))
		w.askTail(e.Offset, e.Offset+e.Length)
	}
	return w
}

// newSingleWay asks for the start of the file, and how long it is.
func newSingleWay(f *fsapi.File, opts StreamOptions) *randomWay {
	w := newRandomWay(f, opts)
	w.src.Size = UnknownSize
	var damaged *Decoder // reads forward to find out where
	var cause error
	w.find = func() (FileHeader, *Message, error) {
		if err := w.measure(); err != nil {
			return FileHeader{}, nil, err
		}
		if damaged == nil {
			h, m, err := w.src.single()
			var format *FormatError
			if !errors.As(err, &format) {
				return h, m, err
			}
			damaged, cause = w.src.forward(io.LimitReader(fsapi.NewInputStream(f), w.src.Size)), err
		}
		return FileHeader{}, nil, explain(damaged, cause)
	}
	w.kept.ask(0, smallMessage)
	_ = w.measure() // its error comes when it is needed
	return w
}

// measure finds out how long the file is.
func (w *randomWay) measure() error {
	if w.src.Size != UnknownSize {
		return nil
	}
	info, err := w.kept.file.TryStat()
	if err != nil {
		return err
	}
	w.src.Size = info.Size()
	w.askTail(0, w.src.Size)
	return nil
}

// askTail asks for where the metadata ends.
func (w *randomWay) askTail(start, end int64) {
	at := max(start, end-tailRead)
	w.kept.ask(at, end-at)
}

func (w *randomWay) fileHeader() (FileHeader, error) {
	_, err := w.message()
	return w.header, err
}

func (w *randomWay) message() (*Message, error) {
	if w.body == nil && w.fail == nil {
		h, m, err := w.find()
		var format *FormatError
		switch {
		case errors.As(err, &format):
			w.fail = err
			w.kept.forget()
		case err != nil:
			return nil, err
		default:
			w.header = h
			w.body = Source{Name: w.src.Name, R: bodies{w.kept}}.Body(m, w.verify)
		}
	}
	if w.fail != nil {
		return nil, w.fail
	}
	return w.body.msg, nil
}

func (w *randomWay) Read(p []byte) (int, error) {
	if _, err := w.message(); err != nil {
		return 0, err
	}
	n, err := w.body.Read(p)
	if err == io.EOF {
		w.kept.forget()
	}
	return n, err
}

func (w *randomWay) Seek(offset int64, whence int) (int64, error) {
	if _, err := w.message(); err != nil {
		return 0, err
	}
	return w.body.Seek(offset, whence)
}
