package dboxfmt

import (
	"bytes"
	"strconv"
)

// bodyFacts is what is to know about a body before it is written.
type bodyFacts struct {
	sum     bodySum
	virtual virtualSize
	// The bytes from content to contentEnd are what is left without the NUL
	// bytes around it, as offsets in the body; same: they are all one byte.
	content, contentEnd int64
	same                bool
	first               byte
}

func (b *bodyFacts) empty() bool { return b.content == b.contentEnd }

// examine reads a body.
func (r *repairer) examine(offset, size int64) (b bodyFacts, err error) {
	b.same = true
	err = r.read(offset, size, func(p []byte) error {
		b.look(p)
		b.sum.add(p)
		b.virtual.add(p)
		return nil
	})
	return b, err
}

// look takes the next piece into content, contentEnd and same.
func (b *bodyFacts) look(p []byte) {
	passed := b.sum.size
	filled := bytes.TrimRight(p, "\x00")
	if len(filled) == 0 {
		return
	}
	if b.empty() {
		before := len(filled)
		filled = bytes.TrimLeft(filled, "\x00")
		b.content, b.first = passed+int64(before-len(filled)), filled[0]
		passed += int64(before - len(filled))
	} else if b.contentEnd < passed {
		b.same = false // NUL bytes in the middle
	}
	b.contentEnd = passed + int64(len(filled))
	b.same = b.same && bytes.Count(filled, []byte{b.first}) == len(filled)
}

// mend returns the metadata of a message that is written anew.
func (r *repairer) mend(rg *RepairedRange, body bodyFacts) Metadata {
	meta := rg.Message.Metadata.without(lengthItemKey)
	set := func(key byte, value, note string) {
		if old, ok := meta.Get(key); ok && old == value {
			return
		}
		meta.Set(key, value)
		rg.note(note)
	}
	if v, err := meta.VirtualSize(); meta.plain() && (err != nil || v != body.virtual.total) {
		set('V', strconv.FormatInt(body.virtual.total, 16), "V renewed")
	}
	if guid, _ := meta.Get('G'); guid == "" {
		set('G', r.opts.NewGUID(), "new GUID")
	}
	if _, ok := meta.Get('H'); ok || r.report.Header.Version == 3 {
		set('H', formatChecksum(body.sum.crc), "H renewed")
	}
	return meta
}

// note adds to what is said about a range.
func (rg *RepairedRange) note(what string) {
	if rg.Note != "" {
		what = rg.Note + ", " + what
	}
	rg.Note = what
}

// plain says whether the body is the message itself: not compressed, and no
// part of it kept elsewhere.
func (m Metadata) plain() bool { return m.index('Z') < 0 && m.index('X') < 0 }
