package dboxfmt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

func usualHeaderSize(version int) int {
	if version == 3 {
		return headerFrameV3 + minSeparator
	}
	return headerSizeV2
}

// layout is a version and header size that a file might have, and what speaks
// for it.
type layout struct {
	h       FileHeader
	first   *Message
	covered int64 // bytes of confirmed messages
	toEnd   bool  // one of them ends where the file does: it is in no body
	said    int   // in how many ways what is left of the file header says so
	blocks  bool  // it has the form of a metadata block in it
	balance int   // confirmed messages with a uid, less those without
}

// is says whether the layout is that of h. Versions 1 and 2 differ only in what
// the header's fields mean.
func (l *layout) is(h FileHeader) bool {
	return l.h.MessageHeaderSize == h.MessageHeaderSize && (l.h.Version == 3) == (h.Version == 3)
}

// usual: another size is more likely damage than what a writer has chosen.
func (l *layout) usual() bool { return l.h.MessageHeaderSize == usualHeaderSize(l.h.Version) }

// infer chooses the layout that fits the file best. A header that can be read,
// of the usual size, has been found not to fit and is left out. other is a layout that also
// has messages in the file, or nil.
func (c *Scanner) infer(head []byte, h FileHeader, read bool) (best layout, other *layout, err error) {
	sizes, err := separatorSizes(c.src)
	if err != nil {
		return best, nil, err
	}
	layouts := []layout{{h: FileHeader{Version: 2, MessageHeaderSize: headerSizeV2}}}
	for _, m := range sizes {
		layouts = append(layouts, layout{h: FileHeader{Version: 3, MessageHeaderSize: m}})
	}
	if read && !slices.ContainsFunc(layouts, func(l layout) bool { return l.is(h) }) {
		layouts = append(layouts, layout{h: h})
	}
	for _, l := range layouts {
		if read && l.is(h) && h.MessageHeaderSize == usualHeaderSize(h.Version) {
			continue
		}
		if err := l.weigh(c.src); err != nil {
			return best, nil, err
		}
		l.heed(head)
		lost := l
		if best.h.Version == 0 || l.fitsBetter(best, c.opts.Version) {
			lost, best = best, l
		}
		if lost.covered > 0 {
			other = &lost
		}
	}
	return best, other, nil
}

// weigh goes over the whole file.
func (l *layout) weigh(src Source) error {
	f := newFinder(src, l.h)
	_, ok, err := f.next(0, onlyBlocks, nil)
	if !ok || err != nil {
		return err
	}
	l.blocks = true
	for from := int64(0); ; {
		found, err := f.nextConfirmed(from)
		if found == nil || err != nil {
			return err
		}
		from, f.chain = found.End(), found.End()
		l.covered += found.Length
		l.toEnd = from == src.Size
		l.balance--
		if found.UID > 0 {
			l.balance += 2
		}
		if l.first == nil {
			l.first = found.Message
		}
	}
}

// heed looks at the version, the header size and the length of what is left of
// the line.
func (l *layout) heed(head []byte) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	words := strings.Split(string(line), " ")
	for _, says := range []bool{
		l.h.Version == 3 && words[0] == "3" || l.h.Version < 3 && (words[0] == "1" || words[0] == "2"),
		l.usual() && slices.Contains(words, fmt.Sprintf("M%x", l.h.MessageHeaderSize)),
		l.first != nil && l.first.Offset == int64(len(line)+1),
	} {
		if says {
			l.said++
		}
	}
}

// fitsBetter: where a body is a dbox file of another version, both layouts have
// confirmed messages.
func (l *layout) fitsBetter(than layout, version int) bool {
	switch {
	case (l.covered > 0) != (than.covered > 0):
		return l.covered > 0
	case l.usual() != than.usual():
		return l.covered > than.covered
	case l.toEnd != than.toEnd:
		return l.toEnd
	case l.said != than.said:
		return l.said > than.said
	case l.covered != than.covered:
		return l.covered > than.covered
	case version > 0 && (version == 3) != (than.h.Version == 3):
		return (version == 3) == (l.h.Version == 3)
	}
	return l.blocks && !than.blocks
}

// header is the file header that the layout asks for. Version 1 shows by the
// uids of its messages, if the line does not say it.
func (l *layout) header(head []byte, created int64) FileHeader {
	h := l.h
	says2 := bytes.HasPrefix(head, []byte("2"))
	if h.Version == 2 && (bytes.HasPrefix(head, []byte("1")) || l.balance > 0 && !says2) {
		h.Version = 1
	}
	h.Created = created
	h.Words = []string{fmt.Sprintf("M%x", h.MessageHeaderSize)}
	if created > 0 {
		h.Words = append(h.Words, fmt.Sprintf("C%x", created))
	}
	return h
}

// separatorSizes is how long version 3 message headers might be, by the first
// ones in the file: the usual size, and a few others that are seen.
func separatorSizes(src Source) ([]int, error) {
	sizes := []int{usualHeaderSize(3)}
	v := view{src: src}
	if err := v.slide(0); err != nil {
		return nil, err
	}
	for p := v.mem; len(sizes) < 4; {
		i := bytes.Index(p, []byte(messageMagic))
		if i < 0 {
			break
		}
		p = p[i+len(messageMagic):]
		n := 0
		for n < min(len(p), maxMessageHeader) && separatorByte[p[n]] {
			n++
		}
		size := n + headerFrameV3
		if n > minSeparator && n < len(p) && p[n] == '\n' && size <= maxMessageHeader && size != sizes[len(sizes)-1] {
			sizes = append(sizes, size)
		}
	}
	return sizes, nil
}
