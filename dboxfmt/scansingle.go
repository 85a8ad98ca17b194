package dboxfmt

import "bytes"

// single is for a single-dbox file whose message is not confirmed. The block at
// the end of the file ends it, whatever the body contains, unless that block is
// part of another message.
func (f *finder) single(start int64) ([]Range, error) {
	w, err := f.recognize(start)
	if err != nil || w.form == noHeader {
		return nil, err
	}
	m, ok, err := f.tailBlock(start)
	if !ok || err != nil || m.at < w.body {
		return nil, err
	}
	if other, err := f.ownedWithin(start, m); other || err != nil {
		return nil, err
	}
	reason := ""
	switch {
	case f.h.Version == 3:
		reason = sizeReason(w, m)
	case w.form == wholeHeader:
		reason = "the size in the message header is not that of the body"
	}
	return f.closed(start, w, m.at, reason)
}

// tailBlock finds the whole block that the file ends with.
func (f *finder) tailBlock(from int64) (mark, bool, error) {
	from = max(from, f.src.Size-maxBlock)
	p, err := f.bytes(from, f.src.Size-from)
	if err != nil || len(p) < lengthItem {
		return mark{}, false, err
	}
	if f.h.Version < 3 {
		i := bytes.LastIndex(p, []byte(blockHeadV2))
		if i < 0 {
			return mark{}, false, nil
		}
		end, err := f.blockExtent(from + int64(i))
		return mark{at: from + int64(i), size: UnknownSize}, end == f.src.Size, err
	}
	item := p[len(p)-lengthItem:]
	if !isLengthItem(item) {
		return mark{}, false, nil
	}
	length, _ := parseHex(item[1 : 1+lengthDigits])
	at := len(p) - int(length)
	if at < 0 || len(p)-at <= f.shapes.blockLF || string(p[at:at+2]) != blockMagic || p[at+f.shapes.blockLF] != '\n' {
		return mark{}, false, nil
	}
	m, ok := f.shapes.parse(p, at)
	m.sep = bytes.Clone(m.sep)
	m.at = from + int64(at)
	m.start = m.at - int64(f.h.MessageHeaderSize) - m.size
	return m, ok, nil
}

// ownedWithin says whether a header behind start leads to the block at m.
func (f *finder) ownedWithin(start int64, m mark) (bool, error) {
	for from := start + 1; ; {
		other, ok, err := f.within(from, m.at)
		if !ok || err != nil {
			return false, err
		}
		from = other.at + 1
		bodyEnd := other.at + int64(f.h.MessageHeaderSize) + other.size
		if bodyEnd == m.at || f.h.Version == 3 && other.at == m.start && string(other.sep) == string(m.sep) {
			return true, nil
		}
	}
}
