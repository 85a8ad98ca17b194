package dboxfmt

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// begin finds out what the file header is and where the messages start. A
// header that can be read is believed unless no message that fits it is
// confirmed, and messages of another version are where they cannot be in a body.
// Where the size of message headers that it gives is not the usual one, it must
// fit the file better than what is usual.
func (c *Scanner) begin() error {
	v := view{src: c.src}
	head, err := v.bytes(0, maxFileHeader)
	if err != nil {
		return err
	}
	h, at, reason, bad := readFileHeader(head)
	f := newFinder(c.src, h)
	usual := bad == nil && h.MessageHeaderSize == usualHeaderSize(h.Version)
	if usual {
		fits, err := c.fits(f, at)
		if fits || err != nil {
			c.start(f, h, at, reason)
			return err
		}
	}
	best, other, err := c.infer(head, h, bad == nil)
	if err != nil {
		return err
	}
	switch {
	case bad != nil:
		c.startNew(best.header(head, creation(head)), headerLine(head, best), reasonOf(bad))
	case !usual && best.is(h):
		c.start(f, h, at, reason)
	case best.toEnd || best.first != nil && (best.first.Offset == at || !usual):
		reason = fmt.Sprintf("the messages are of version %d, with headers of %d bytes", best.h.Version, best.h.MessageHeaderSize)
		c.startNew(best.header(head, h.Created), at, reason)
	default: // what other messages there are may be parts of bodies
		c.start(f, h, at, reason)
		if best.covered > 0 {
			other = &best
		}
	}
	if other != nil {
		c.other = newFinder(c.src, other.h)
	}
	return nil
}

// readFileHeader is ParseFileHeader for a line whose LF may be lost, so that it
// seems to go on over the first message header. at is where it ends.
func readFileHeader(head []byte) (h FileHeader, at int64, reason string, err error) {
	end := bytes.IndexByte(head, '\n')
	if magic := bytes.Index(head, []byte(messageMagic)); magic >= 0 && magic < end {
		line := append(bytes.TrimRight(head[:magic:magic], " "), '\n')
		h, err = ParseFileHeader(line)
		return h, int64(magic), "the LF of the line is missing", err
	}
	h, err = ParseFileHeader(head)
	return h, h.Size(), "", err
}

// start sets the scanner to the first message.
func (c *Scanner) start(f *finder, h FileHeader, at int64, reason string) {
	c.header, c.find = h, f
	c.queue = c.queue[:0]
	if at > 0 {
		c.queue = append(c.queue, Range{Length: at, Verdict: FileHeaderRange, Reason: reason})
	}
	c.offset, c.chain, c.first = at, at, at
}

func (c *Scanner) startNew(h FileHeader, at int64, reason string) {
	c.start(newFinder(c.src, h), h, at, reason)
}

// fits says whether there is a message as the header h says, or nothing at all.
// It is believed, too, if a message header of its version comes next.
func (c *Scanner) fits(f *finder, at int64) (bool, error) {
	if at == c.src.Size {
		return true, nil
	}
	if err := f.cover(at); err != nil {
		return false, err
	}
	if _, ok, err := f.headerAt(at); ok || err != nil {
		return ok, err
	}
	f.chain = at
	m, err := f.nextConfirmed(at)
	return m != nil, err
}

// headerLine is the length of what is left of the file header: a line, or less
// if a message starts before its end. 0: no such line.
func headerLine(head []byte, l layout) int64 {
	end := int64(bytes.IndexByte(head, '\n') + 1)
	if at := int64(bytes.Index(head, []byte(messageMagic))); at >= 0 && (at < end || end == 0) {
		end = at
	}
	if end == 0 && len(head) < maxFileHeader {
		end = int64(len(head))
	}
	if l.first != nil {
		end = min(end, l.first.Offset)
	}
	if line := string(head[:end]); !strings.Contains(line, " M") && !strings.Contains(line, " C") {
		return 0
	}
	return end
}

// creation is the time of creation in what is left of a file header, or 0.
func creation(head []byte) int64 {
	line, _, _ := strings.Cut(string(head), "\n")
	for _, word := range strings.Split(line, " ") {
		if digits, ok := strings.CutPrefix(word, "C"); ok {
			if created, ok := parseHex(digits); ok {
				return created
			}
		}
	}
	return 0
}

func reasonOf(err error) string {
	var f *FormatError
	if errors.As(err, &f) {
		return f.Reason
	}
	return err.Error()
}
