package dboxfmt

import (
	"errors"
	"io"
)

// bodyState is how far a Decoder is in a body.
type bodyState struct {
	passed int64 // bytes handed out
	sum    bodySum
	end    marker           // version 3
	sure   int              // unused bytes that are body for certain
	last   [lengthItem]byte // the last bytes handed out
}

func newBodyState(mh MessageHeader) bodyState { return bodyState{end: newMarker(mh.Separator)} }

// readBody reads a piece of the body; 0 and nil: the metadata block is next.
func (d *Decoder) readBody(p []byte) (n int, err error) {
	if d.header.Version == 3 {
		n, err = d.readUntilMarker(p)
	} else {
		n, err = d.readSized(p)
	}
	d.offset += int64(n)
	d.body.passed += int64(n)
	d.body.remember(p[:n])
	if d.opts.Verify {
		d.body.sum.add(p[:n])
	}
	return n, err
}

func (d *Decoder) readSized(p []byte) (int, error) {
	rest := d.msg.BodySize - d.body.passed
	if rest == 0 {
		return 0, nil
	}
	n, err := d.in.take(p[:min(int64(len(p)), rest)])
	if err == io.EOF {
		return 0, d.failed(fault(0, ErrTruncated, "the file ends %d bytes before the end of a body", rest))
	}
	return n, err
}

func (d *Decoder) readUntilMarker(p []byte) (int, error) {
	b := &d.body
	for b.sure == 0 {
		sure, found := b.end.find(d.in.data(), b.passed)
		if b.sure = sure; sure > 0 {
			break
		}
		if found {
			return 0, nil
		}
		switch err := d.in.fill(len(d.in.data()) + 1); err {
		case nil:
		case io.EOF:
			return 0, d.noEnd()
		default:
			return 0, err
		}
	}
	n := copy(p, d.in.data()[:b.sure])
	d.in.skip(n)
	b.sure -= n
	return n, nil
}

// noEnd says why a version 3 body has no end. A file that ends as a metadata
// block does is not torn: something between here and there is damaged.
func (d *Decoder) noEnd() error {
	switch {
	case d.body.end.misplaced >= 0:
		err := fault(0, ErrSize, "the size behind the separator is not that of the body before it")
		d.fail = placed(err, d.opts.Name, d.msg.BodyOffset+d.body.end.misplaced)
		return d.fail
	case len(d.in.data()) == 0 && isLengthItem(d.body.last[:]):
		return d.failed(fault(0, ErrMetadata, "no metadata block of the message that starts at offset %d", d.msg.Offset))
	}
	return d.failed(fault(int64(len(d.in.data())), ErrTruncated, "the file ends in a body"))
}

// remember keeps the last bytes handed out.
func (b *bodyState) remember(p []byte) {
	p = p[max(0, len(p)-len(b.last)):]
	copy(b.last[:], b.last[len(p):])
	copy(b.last[len(b.last)-len(p):], p)
}

// finish reads what is behind the body and gives the verdict on the message.
func (d *Decoder) finish() error {
	if d.msg.Length == 0 {
		if err := d.readBlock(); err != nil {
			return err
		}
	}
	if d.opts.Single {
		switch err := d.in.fill(1); err {
		case nil:
			return d.failed(fault(0, ErrTrailing, "the file goes on after its only message"))
		case io.EOF:
		default:
			return err
		}
	}
	d.verdict = io.EOF
	if d.opts.Verify {
		if err := d.body.sum.check(d.msg); err != nil {
			d.verdict = placed(err, d.opts.Name, 0)
		}
	}
	return d.verdict
}

// readBlock looks at the start first: what is no metadata block must not cost
// reading 1 MiB.
func (d *Decoder) readBlock() error {
	more := d.in.fill(d.header.blockHeadSize())
	for {
		have := len(d.in.data())
		switch n := d.block.find(d.header, d.in.data()); {
		case n > 0:
			return d.parseBlock(n)
		case more != nil && more != io.EOF:
			return more
		case more == io.EOF || have > maxBlock || !d.startsBlock():
			return d.parseBlock(have)
		}
		more = d.in.fill(have + 1)
	}
}

func (d *Decoder) startsBlock() bool {
	p := d.in.data()[:min(len(d.in.data()), d.header.blockHeadSize())]
	_, err := parseBlockHead(d.header, string(p))
	return err == nil || errors.Is(err, ErrTruncated)
}

func (d *Decoder) parseBlock(n int) error {
	b, err := ParseBlock(d.header, d.in.data()[:n])
	if err != nil {
		return d.failed(err)
	}
	d.msg.complete(b)
	d.skip(n)
	return nil
}
