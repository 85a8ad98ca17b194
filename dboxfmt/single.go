package dboxfmt

import (
	"errors"
	"io"
)

// Single reads a single-dbox file, without the body. Files up to 512 bytes take
// one read; others one at each end, and a third when the metadata is longer.
//
// When the file is damaged, it is read forward to find out where; the error is
// the one a [Decoder] gives.
func (s Source) Single() (FileHeader, *Message, error) {
	h, m, err := s.single()
	var f *FormatError
	if errors.As(err, &f) {
		return h, nil, s.explain(err)
	}
	return h, m, err
}

func (s Source) single() (FileHeader, *Message, error) {
	r := recordReader{window: window{src: s}, end: s.Size}
	tail := min(max(s.Size, 0), tailRead)
	if _, err := r.bytes(s.Size-tail, tail); err != nil {
		return FileHeader{}, nil, err
	}
	p, err := r.bytes(0, min(max(s.Size, 0), maxFileHeader))
	if err != nil {
		return FileHeader{}, nil, err
	}
	if r.header, err = ParseFileHeader(p); err != nil {
		return FileHeader{}, nil, placed(err, s.Name, 0)
	}
	r.start = r.header.Size()
	m, err := r.read()
	return r.header, m, err
}

// explain returns what reading forward says about a file that single refused
// with err.
func (s Source) explain(err error) error {
	return explain(s.forward(io.NewSectionReader(s.R, 0, s.Size)), err)
}

// forward returns a Decoder of the whole file, whose bytes come from r.
func (s Source) forward(r io.Reader) *Decoder {
	return NewDecoder(r, DecoderOptions{Name: s.Name, Single: true})
}

// explain can be repeated with the same Decoder after a temporary error.
func explain(d *Decoder, err error) error {
	for {
		if _, forward := d.Next(); forward == io.EOF {
			return err
		} else if forward != nil {
			return forward
		}
	}
}
