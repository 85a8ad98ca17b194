package dboxfmt

import (
	"bytes"
	"fmt"
)

// minSalvage is the length in bytes from which garbage becomes a message,
// whatever it is. It is Dovecot's.
const minSalvage = 256

// salvage decides what becomes of garbage.
func (r *repairer) salvage(rg *RepairedRange) error {
	found, err := r.examine(rg.Offset, rg.Length)
	if err != nil {
		return err
	}
	size := found.contentEnd - found.content
	switch {
	case found.empty():
		return r.drop(rg, "NUL bytes")
	case found.same:
		return r.drop(rg, fmt.Sprintf("nothing but bytes %02x", found.first))
	}
	begins := []byte(nil)
	err = r.read(rg.Offset+found.content, min(size, 1024), func(p []byte) error { begins = p; return nil })
	if err != nil {
		return err
	}
	if size < minSalvage && !likeMail(begins) {
		return r.drop(rg, fmt.Sprintf("%d bytes that are no mail", size))
	}
	return r.salvaged(rg, rg.Offset+found.content, size)
}

// salvaged writes garbage as a message.
func (r *repairer) salvaged(rg *RepairedRange, offset, size int64) error {
	body, err := r.examine(offset, size)
	if err != nil {
		return err
	}
	meta := r.mend(&RepairedRange{Range: Range{Message: &Message{}}}, body)
	rg.note(fmt.Sprintf("%d bytes are the body of a new message", size))
	head, block, err := r.frame(rg, size, meta)
	if err != nil {
		return fmt.Errorf("salvaging garbage at offset %d: %w", rg.Offset, err)
	}
	r.counted(rg, &r.report.Salvaged)
	r.done(rg, Salvaged, int64(len(head))+size+int64(len(block)))
	return r.putMessage(head, offset, size, block)
}

// likeMail says whether p begins with two header fields.
func likeMail(p []byte) bool {
	first, rest, ok := bytes.Cut(p, []byte("\n"))
	if !ok || !headerField(first) {
		return false
	}
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		_, rest, _ = bytes.Cut(rest, []byte("\n")) // the field goes on
	}
	second, _, _ := bytes.Cut(rest, []byte("\n"))
	return headerField(second)
}

// headerField says whether a line is a name of at least two letters or hyphens,
// a colon, and something.
func headerField(line []byte) bool {
	name, value, ok := bytes.Cut(line, []byte(":"))
	for _, c := range name {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			ok = ok && c == '-'
		}
	}
	return ok && len(name) > 1 && len(value) > 1
}
