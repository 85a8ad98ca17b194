package dboxfmt

import (
	"errors"
	"io"
)

// DecoderOptions are the choices of [NewDecoder]; the zero value reads a
// multi-dbox file and verifies nothing.
type DecoderOptions struct {
	Name   string // of the file, for error messages
	Single bool   // single-dbox: exactly one message
	Verify bool   // compare bodies with H
}

// Decoder reads a file forward, from a stream whose length need not be known.
//
//	d := dboxfmt.NewDecoder(r, dboxfmt.DecoderOptions{})
//	for {
//		m, err := d.Next() // io.EOF: clean end of the file
//		io.Copy(w, d)      // the body; nil: the message is complete
//		m.Metadata …       // is there now
//	}
//
// The reader may be a non-blocking one. An error of its own is returned as it
// is and changes nothing: repeat the call. An error about the format is final,
// except an [ErrChecksum], after which Next goes on with the next message.
// A Decoder is for one goroutine.
type Decoder struct {
	opts   DecoderOptions
	in     buffer
	offset int64 // in the file, of the unused bytes
	header FileHeader
	opened bool // the file header has been read
	fail   error

	msg    *Message // the one that Next returned last
	body   bodyState
	block  blockEnd
	inBody bool
	// What Read says when the message is complete: io.EOF or an ErrChecksum.
	verdict error
}

// NewDecoder returns a Decoder; it reads nothing yet.
func NewDecoder(r io.Reader, opts DecoderOptions) *Decoder {
	return &Decoder{opts: opts, in: buffer{r: r}}
}

// Header reads the first line of the file.
func (d *Decoder) Header() (FileHeader, error) {
	if d.opened {
		return d.header, nil
	}
	for d.fail == nil {
		h, err := ParseFileHeader(d.in.data())
		if err == nil {
			d.header, d.opened = h, true
			d.skip(int(h.Size()))
			return h, nil
		}
		if !errors.Is(err, ErrTruncated) {
			return FileHeader{}, d.failed(err)
		}
		switch more := d.in.fill(len(d.in.data()) + 1); more {
		case nil:
		case io.EOF:
			return FileHeader{}, d.failed(err)
		default:
			return FileHeader{}, more
		}
	}
	return FileHeader{}, d.fail
}

// Next goes to the next message, over what is left of the one before. The size
// of a version 3 body and all metadata are not known before Read has returned
// io.EOF; then the same *Message has them. After the last message Next returns
// io.EOF. A file without any message is an [ErrTruncated].
func (d *Decoder) Next() (*Message, error) {
	if _, err := d.Header(); err != nil {
		return nil, err
	}
	if d.msg != nil && d.verdict == nil {
		if _, err := io.Copy(io.Discard, d); err != nil {
			return nil, err
		}
	}
	if d.fail != nil {
		return nil, d.fail
	}
	if d.msg != nil && d.opts.Single {
		return nil, io.EOF
	}
	return d.messageHeader()
}

func (d *Decoder) messageHeader() (*Message, error) {
	err := d.in.fill(d.header.MessageHeaderSize)
	if err == io.EOF && len(d.in.data()) == 0 && d.msg != nil {
		return nil, io.EOF
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	mh, err := ParseMessageHeader(d.header, d.in.data())
	if err != nil {
		return nil, d.failed(err)
	}
	d.msg = newMessage(d.header, mh, d.offset)
	d.body, d.block, d.inBody, d.verdict = newBodyState(mh), blockEnd{}, true, nil
	d.skip(d.header.MessageHeaderSize)
	return d.msg, nil
}

// Read reads the body of the message that Next returned. It returns io.EOF when
// the metadata block behind the body, too, has been read and is good, and with
// Single when the file ends there.
func (d *Decoder) Read(p []byte) (int, error) {
	switch {
	case d.fail != nil:
		return 0, d.fail
	case d.msg == nil:
		return 0, ErrState
	case d.verdict != nil:
		return 0, d.verdict
	case len(p) == 0:
		return 0, nil
	}
	if d.inBody {
		n, err := d.readBody(p)
		if n > 0 || err != nil {
			return n, err
		}
		d.inBody, d.msg.BodySize = false, d.body.passed
	}
	return 0, d.finish()
}

func (d *Decoder) skip(n int) {
	d.in.skip(n)
	d.offset += int64(n)
}

// failed makes an error of a codec over the unused bytes the final answer.
func (d *Decoder) failed(err error) error {
	d.fail = placed(err, d.opts.Name, d.offset)
	return d.fail
}
