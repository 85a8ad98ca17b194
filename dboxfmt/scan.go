package dboxfmt

// How a file is scanned
//
// A message is confirmed when its header, body and metadata block fit together.
// In versions 1 and 2 the header says where the block must be, in version 3 the
// block says where the header must be and both have the same separator. A finder
// finds confirmed messages: from one to the next as long as they follow each
// other, and from any place on where they do not.
//
//	scan.go        from range to range: a confirmed message, or else a gap
//	scanheader.go  the file header, and which layout the messages have if it is
//	               damaged (scanlayout.go); scanforeign.go for the other layout
//	scanfind.go    the finder; scansized.go and scandoubt.go for versions 1 and
//	               2, scanpaired.go for version 3
//	scanahead.go   the next confirmed message, the next block, the next header
//	scansurvey.go  what is too far away to be in memory
//	scangap.go     a gap, from its front. scanwreck.go: what is left of the header
//	               there? scanclaim.go: does the body end where it says?
//	               scanclosesized.go, scanclosepaired.go: is this block the end of
//	               it? scantorn.go: the file ends
//	scanquiet.go   the next block that can decide in a gap without a header
//	scanloose.go   what is left of a block; scanglance.go: is it worth reading?
//	scanview.go, scanmark.go, scanmarkreader.go, scanlines.go, scantally.go:
//	               memory, the places that look like markers, lines, counts
//
// A body is never looked into while its message is confirmed. Where confirmed
// messages overlap, the one that starts first counts. V, the virtual size, is
// asked where a header and a block that fit together may not belong together:
// when V is wrong and another header within the body leads to the same block, or
// to one further on.
//
// A gap ends where the next confirmed message starts. In it a header that is
// whole, or two thirds of it, starts a wreck; the wreck ends
//
//	where its header says, if a block or the remains of one are there
//	at the block whose V is that of the body before it (versions 1 and 2), or
//	that has its separator, or leads to its header (version 3)
//	at a block that is followed by a header or the end of the file
//	at a later header, behind where its own says that the body ends
//	where the gap does
//
// A block without a header before it makes a message of what is before it. The
// rest is garbage. Headers that prove to be unconfirmed do not end a wreck that
// reaches further: they may be part of its body.
//
// # Bounds
//
// Memory: two views of 4 MiB, of which the second is for looking ahead; buffers
// of up to 1 MiB for looking elsewhere; 8 MiB for one bit for each byte of the
// file, where bits are shared in files of more than 64 MiB; 16 bytes for each 2
// MiB of a version 3 file; 256 KiB for ends of blocks. Small files take less.
//
// Time: linear. Markers are found eight bytes at a time, whatever the bytes
// are; in a gap, blocks are passed over where nothing is in sight that each of
// those that decide must have. Lines of blocks that overlap are looked at once,
// and so is what has no header. Headers that lead far ahead are held against a
// map of all blocks, made in one pass; version 3 blocks that lead far back,
// against one of all headers. A long gap is searched once for its end and once
// for blocks, not again for each range in it, unless messages of another layout
// are found in it. Everything that would read a body again to refine the answer
// draws on a credit of four times the size of the file (finder.afford), and
// following headers in bodies on another (finder.affordLook). Only files made to
// do so use them up; then these refinements are left out, and in doubt a message
// counts as confirmed.

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
