package dboxfmt

import (
	"bytes"
	"cmp"
)

// headerForm says how much of a message header is left.
type headerForm uint8

const (
	noHeader headerForm = iota
	wholeHeader
	damagedHeader // most of its bytes are as they should be
	placeholder   // M NUL bytes, which Dovecot writes before it knows the size
	partHeader    // the file ends in it
)

// wreck is a message that is not confirmed.
type wreck struct {
	form headerForm
	body int64 // where it starts
	size int64 // as the header says; UnknownSize: it does not
	sep  string
	kind byte // as in MessageHeader.Type
	uid  uint32
	ill  string // what is wrong with the header
}

// recognize looks for what is left of a message header at p.
func (f *finder) recognize(p int64) (wreck, error) {
	size := int64(f.h.MessageHeaderSize)
	head, err := f.bytes(p, size+1)
	if err != nil {
		return wreck{}, err
	}
	more := head[min(size, int64(len(head))):]
	head = head[:min(size, int64(len(head)))]
	w := wreck{body: p + int64(len(head)), size: UnknownSize, kind: unknownMessageType}
	_, whole := f.shapes.headerAt(head)
	switch {
	case whole:
		mh, _ := ParseMessageHeader(f.h, head)
		w.form, w.size, w.sep, w.kind, w.uid = wholeHeader, mh.Size, mh.Separator, mh.Type, mh.UID
	case int64(len(head)) < size && bytes.HasPrefix(head, []byte(messageMagic)[:min(len(head), 2)]) && len(head) > 0:
		w.form, w.ill = partHeader, "the file ends in a message header"
	case int64(len(head)) < size:
		w.body = p
	case f.h.Version < 3 && len(bytes.Trim(head, "\x00")) == 0 && len(more) > 0 && more[0] != 0:
		w.form, w.ill = placeholder, "the message header is still NUL bytes: saving was not completed"
	case f.h.Version < 3 && likeSized(head) || f.h.Version == 3 && likePaired(head):
		w.form, w.ill = damagedHeader, "the message header is damaged"
		w.claims(f.h, head)
	default:
		w.body = p
	}
	return w, nil
}

// claims takes what a damaged header still says.
func (w *wreck) claims(h FileHeader, head []byte) {
	if h.Version < 3 {
		if size, ok := hex16(head[sizeAt:]); ok {
			w.size = size
		}
		w.kind = head[typeAt]
		uid, _ := parseHex(head[uidAt:uidEnd])
		w.uid = uint32(uid)
	}
}

// likeSized says whether at least two thirds of the bytes of a version 1 or 2
// header are what they should be.
func likeSized(p []byte) bool {
	const form = messageMagic + "N ........ ################"
	bad := 0
	if p[len(p)-1] != '\n' {
		bad++
	}
	for i := range sizeEnd {
		ok := hexValue[p[i]] < 16
		switch form[i] {
		case '#':
		case '.':
			ok = ok || p[i] == ' '
		default:
			ok = p[i] == form[i]
		}
		if !ok {
			bad++
		}
		if bad > headerSizeV2/3 {
			return false
		}
	}
	return true
}

// likePaired says whether at most one byte of a version 3 header is not of the
// kind it should be.
func likePaired(p []byte) bool {
	bad := 0
	last := len(p) - 1
	for i, c := range p {
		good := separatorByte[c]
		switch i {
		case 0, 1:
			good = c == messageMagic[i]
		case last:
			good = c == '\n'
		}
		if !good {
			bad++
		}
	}
	return bad <= 1
}

// resembles says whether half of the bytes at p are those of a version 3
// header with that separator.
func (f *finder) resembles(p int64, sep []byte) (bool, error) {
	want := messageMagic + string(sep) + "\n"
	if !f.afford(int64(len(want))) {
		return false, nil
	}
	head, err := f.bytes(p, int64(len(want)))
	return halfSame(head, want), err
}

// halfSame says whether at least half of the bytes of want are in p where they
// should be.
func halfSame(p []byte, want string) bool {
	same := 0
	for i := range min(len(p), len(want)) {
		if p[i] == want[i] {
			same++
		}
	}
	return same >= len(want)/2
}

// nulRun returns where the NUL bytes that start at p end.
func (f *finder) nulRun(p int64) (int64, error) {
	for p < f.src.Size {
		if err := f.cover(p); err != nil {
			return p, err
		}
		here := f.mem[p-f.base:]
		rest := bytes.TrimLeft(here, "\x00")
		p += int64(len(here) - len(rest))
		if len(rest) > 0 {
			break
		}
	}
	return p, nil
}

// damage makes the range of a damaged message from start to end, whose body
// reaches to bodyEnd.
func (f *finder) damage(w wreck, start, bodyEnd, end int64, v Verdict, meta Metadata, reason string) Range {
	if w.ill != "" && reason != "" {
		reason = w.ill + "; " + reason
	}
	m := &Message{
		Version: f.h.Version, Offset: start, BodyOffset: w.body, BodySize: bodyEnd - w.body, Length: end - start,
		Type: w.kind, UID: w.uid, Separator: w.sep, Metadata: meta,
	}
	return Range{Offset: start, Length: end - start, Verdict: v, Reason: cmp.Or(reason, w.ill), Message: m}
}
