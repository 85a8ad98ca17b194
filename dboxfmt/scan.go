package dboxfmt

import (
	"fmt"
	"io"
)

// Verdict says what a range of a file is.
type Verdict uint8

const (
	FileHeaderRange Verdict = iota + 1 // the first line
	Intact                             // a message whose boundaries are confirmed
	Damaged                            // a message of which something is lost
	Truncated                          // a message whose end is missing in the middle of the file
	Garbage                            // no message
	TornTail                           // a message at the end of the file that was not received completely
)

var verdicts = [...]string{"", "file header", "message", "damaged message", "truncated message", "garbage", "torn tail"}

func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// Range is a part of a file.
type Range struct {
	Offset, Length int64 // in bytes
	Verdict        Verdict
	// Reason says, for people, what is wrong. It is empty for an intact message
	// and a good file header.
	Reason string
	// Message is nil for garbage and the file header. Of an intact message it is
	// what the readers return. Of another it says what is known: BodyOffset and
	// BodySize are of the bytes that are there, Metadata is the items that
	// survived, without L, and Length is that of the range.
	Message *Message
}

// End is the offset of what follows the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// ScanOptions are the choices of [Source.Scan].
type ScanOptions struct {
	Single  bool // single-dbox: a damaged file is one message rather than several
	Verify  bool // compare bodies with H; a message that differs is Damaged
	Version int  // to assume when neither the file header nor a message tells; 0: 2
}

// Scanner goes over a file, however damaged, and says what each of its bytes
// belongs to. It is made by [Source.Scan] and is for one goroutine.
type Scanner struct {
	src    Source
	opts   ScanOptions
	find   *finder
	other  *finder // of another version that the file may also be; or nil
	header FileHeader
	began  bool
	offset int64 // of what was not judged yet
	first  int64 // where the first message should be
	chain  int64 // where a metadata block was the last thing to end; or nowhere
	queue  []Range
}

// nowhere is an offset that nothing in a file can refer to.
const nowhere = -1 << 20

// Scan returns a Scanner for the file; it reads nothing yet.
func (s Source) Scan(opts ScanOptions) *Scanner { return &Scanner{src: s, opts: opts} }

// Header is the first line of the file. If it is damaged it is put together
// from what the messages show. Before the first call of Next it is empty.
func (c *Scanner) Header() FileHeader { return c.header }

// Next returns the next range: they ascend, and cover the file without gap or
// overlap. io.EOF: there are no more. An error of the reader is returned as it
// is; the call can be repeated. A file that is shorter than Source.Size says is
// an io.ErrUnexpectedEOF.
func (c *Scanner) Next() (Range, error) {
	if !c.began {
		if err := c.begin(); err != nil {
			return Range{}, err
		}
		c.began = true
	}
	for !c.decided() {
		if err := c.judge(); err != nil {
			return Range{}, err
		}
	}
	if len(c.queue) == 0 {
		return Range{}, io.EOF
	}
	r := c.queue[0]
	c.queue = c.queue[1:]
	return r, nil
}

// decided: a range can be handed out. Garbage may yet become longer.
func (c *Scanner) decided() bool {
	n := len(c.queue)
	return c.offset >= c.src.Size || n > 1 || n == 1 && c.queue[0].Verdict != Garbage
}

// judge queues the ranges at offset.
func (c *Scanner) judge() error {
	c.find.chain = c.chain
	m, err := c.find.confirm(c.offset)
	if err != nil {
		return err
	}
	var ranges []Range
	if m != nil {
		ranges, err = c.confirmed(m)
	} else {
		ranges, err = c.damaged()
	}
	if err == nil && len(ranges) == 1 {
		ranges, err = c.foreign(ranges[0])
	}
	if err != nil {
		return err
	}
	for _, r := range ranges {
		c.add(r)
	}
	return nil
}

func (c *Scanner) damaged() ([]Range, error) {
	if c.opts.Single && c.offset == c.first {
		if ranges, err := c.find.single(c.offset); len(ranges) > 0 || err != nil {
			return ranges, err
		}
	}
	return c.find.unravel(c.offset)
}

// add appends a range to the queue; garbage is joined to garbage.
func (c *Scanner) add(r Range) {
	c.offset = r.End()
	switch n := len(c.queue); {
	case r.Verdict == Intact || r.Verdict == Damaged:
		c.chain = c.offset
	case r.Verdict != Garbage:
		c.chain = nowhere
	case n > 0 && c.queue[n-1].Verdict == Garbage:
		c.queue[n-1].Length += r.Length
		return
	}
	c.queue = append(c.queue, r)
}

// confirmed judges a message whose boundaries are.
func (c *Scanner) confirmed(m *confirmed) ([]Range, error) {
	r := Range{Offset: m.Offset, Length: m.Length, Verdict: Intact, Message: m.Message}
	if m.reason != "" {
		r.Verdict, r.Reason = Damaged, m.reason
	} else if guid, _ := m.Metadata.Get('G'); guid == "" {
		r.Verdict, r.Reason = Damaged, "the message has no GUID"
	} else if c.opts.Verify {
		if err := c.verify(&r); err != nil {
			return nil, err
		}
	}
	return []Range{r}, nil
}
