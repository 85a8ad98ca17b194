package mailstore

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/fsapi"
)

// Salvage is what is left of a damaged index: what could be read of it, and on
// top of that every change behind it in whatever logs there are, whether or not
// something is missing in between.
type Salvage struct {
	UIDValidity uint32
	NextUID     uint32 // above every UID that ever appeared
	Messages    map[uint32]*Salvaged
	GUID        [16]byte // of the mailbox, from the extension with that name

	whole    uint32 // every message with a UID below was known at the start
	expunged map[uint32]bool
}

// Expunged reports whether a message was there once and is no longer.
func (s *Salvage) Expunged(uid uint32) bool {
	return s.Messages[uid] == nil && (s.expunged[uid] || uid != 0 && uid < s.whole)
}

// Salvaged is what is known of a message.
type Salvaged struct {
	Flags    mailindex.Flags // of AllFlags and Backend
	Keywords []string
}

// ReadSalvage reads what is left of the index with that base name in dir. v is
// what of it could be read in the ordinary way. header is the name of the
// extension that has the GUID of the mailbox in its header, at offset 4.
func ReadSalvage(ctx context.Context, fsys *fsapi.FS, dir, name, header string, v *mailindex.View) (*Salvage, error) {
	s := &Salvage{
		UIDValidity: v.UIDValidity(), NextUID: v.NextUID(),
		Messages: map[uint32]*Salvaged{}, expunged: map[uint32]bool{},
	}
	s.setGUID(v.ExtHeader(header))
	for m, err := range v.All(ctx, 1, v.Count()) {
		if err != nil {
			break // what is behind it is lost
		}
		s.Messages[m.UID] = &Salvaged{m.Flags & (AllFlags | mailindex.Backend), m.Keywords()}
	}
	if s.UIDValidity != 0 && len(s.Messages) == v.Count() { // it could be read to its end
		s.whole = min(v.NextUID(), maxKnown)
	}
	var failed error
	logs := []string{filepath.Join(dir, name+".log.2"), filepath.Join(dir, name+".log")}
	err := fsys.ReadFiles(ctx, logs, func(_ int, data []byte, err error) {
		if err == nil {
			s.replay(data, v, header)
		} else if !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	})
	return s, errors.Join(err, failed)
}

// maxKnown: a next UID beyond that is damage, and says nothing about messages that
// are not there.
const maxKnown = 10_000_000

func (s *Salvage) setGUID(header []byte) {
	if len(header) >= 20 && [16]byte(header[4:20]) != [16]byte{} {
		s.GUID = [16]byte(header[4:20])
	}
}

// logHeaderSize is where the records of a log begin that has lost its header.
const logHeaderSize = 40

// replay applies the records of a log that v does not know, as far as they can be
// read.
func (s *Salvage) replay(log []byte, v *mailindex.View, header string) {
	selected := ""
	for at := int(min(start(log, v), int64(len(log)))); ; {
		r, n, _, err := mailindex.DecodeRecord(log[at:])
		if err != nil || n == 0 {
			return
		}
		at += n
		switch r.Kind {
		case mailindex.KindExtIntro:
			selected = introName(r.Payload)
		case mailindex.KindExtHeader:
			if selected == header && len(r.Payload) > 4 && binary.LittleEndian.Uint16(r.Payload) == 0 {
				s.setGUID(r.Payload[4:])
			}
		default:
			s.apply(r)
		}
	}
}

// start returns the place of the first record in a log that v does not know.
func start(log []byte, v *mailindex.View) int64 {
	h, err := mailindex.DecodeLogHeader(log)
	known, _ := v.Log()
	switch {
	case err != nil:
		return logHeaderSize
	case h.IndexID != v.Header().IndexID || h.Seq > known.Seq:
		return int64(h.Size)
	case h.Seq == known.Seq:
		return max(known.Offset, int64(h.Size))
	}
	return int64(len(log))
}

// introName returns the name in a record that selects an extension, "" if it
// goes by number.
func introName(p []byte) string {
	if len(p) < 20 {
		return ""
	}
	size := int(binary.LittleEndian.Uint16(p[18:]))
	return string(p[20:min(20+size, len(p))])
}

func (s *Salvage) apply(r mailindex.Record) {
	le, p := binary.LittleEndian, r.Payload
	switch r.Kind {
	case mailindex.KindAppend:
		for ; len(p) >= 8; p = p[8:] {
			s.append(le.Uint32(p), mailindex.Flags(p[4]))
		}
	case mailindex.KindExpunge:
		for ; r.External && len(p) >= 8; p = p[8:] {
			s.each(p, func(uid uint32, _ *Salvaged) { s.expunge(uid) })
		}
	case mailindex.KindExpungeGUID:
		for ; r.External && len(p) >= 20; p = p[20:] {
			s.expunge(le.Uint32(p))
		}
	case mailindex.KindFlags:
		for ; len(p) >= 12; p = p[12:] {
			add, remove := mailindex.Flags(p[8]), mailindex.Flags(p[9])
			s.each(p, func(_ uint32, m *Salvaged) {
				m.Flags = (m.Flags&^remove | add) & (AllFlags | mailindex.Backend)
			})
		}
	case mailindex.KindKeyword:
		s.keyword(p)
	case mailindex.KindKeywordReset:
		for ; len(p) >= 8; p = p[8:] {
			s.each(p, func(_ uint32, m *Salvaged) { m.Keywords = nil })
		}
	case mailindex.KindHeader:
		s.header(p)
	}
}

// maxStep is how far UIDs go up at once.
const maxStep = 1 << 24

func (s *Salvage) append(uid uint32, flags mailindex.Flags) {
	if s.Messages[uid] != nil || s.Expunged(uid) {
		return // an old record
	}
	if uid == 0 || uid > s.NextUID+maxStep {
		return // damage: believing it would use up the UIDs
	}
	s.Messages[uid] = &Salvaged{Flags: flags & (AllFlags | mailindex.Backend)}
	if uid >= s.NextUID && uid+1 != 0 {
		s.NextUID = uid + 1
	}
}

func (s *Salvage) expunge(uid uint32) {
	delete(s.Messages, uid)
	s.expunged[uid] = true
}

// each calls fn for the messages in the range at the start of p.
func (s *Salvage) each(p []byte, fn func(uid uint32, m *Salvaged)) {
	first, last := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
	if first == last {
		if m := s.Messages[first]; m != nil {
			fn(first, m)
		}
		return
	}
	for uid, m := range s.Messages {
		if uid >= first && uid <= last {
			fn(uid, m)
		}
	}
}

// keyword applies u8 remove, u8, u16 size of the name, name padded to 4, ranges.
func (s *Salvage) keyword(p []byte) {
	if len(p) < 4 {
		return
	}
	size := int(binary.LittleEndian.Uint16(p[2:]))
	names := (4 + size + 3) &^ 3
	if size == 0 || names > len(p) {
		return
	}
	name, remove := string(p[4:4+size]), p[0] != 0
	for p = p[names:]; len(p) >= 8; p = p[8:] {
		s.each(p, func(_ uint32, m *Salvaged) {
			m.Keywords = slices.DeleteFunc(slices.Clone(m.Keywords), func(k string) bool { return strings.EqualFold(k, name) })
			if !remove {
				m.Keywords = append(m.Keywords, name)
			}
		})
	}
}

// Places in the base header that a log may change.
const (
	headerUIDValidity = 24
	headerNextUID     = 28
)

// header applies u16 offset, u16 size, data, padded to 4, again and again.
func (s *Salvage) header(p []byte) {
	le := binary.LittleEndian
	for len(p) >= 4 {
		offset, size := int(le.Uint16(p)), int(le.Uint16(p[2:]))
		if 4+size > len(p) {
			return
		}
		data := p[4 : 4+size]
		if field := headerUIDValidity - offset; field >= 0 && field+4 <= size {
			s.UIDValidity = le.Uint32(data[field:])
		}
		if field := headerNextUID - offset; field >= 0 && field+4 <= size {
			if next := le.Uint32(data[field:]); next <= s.NextUID+maxStep {
				s.NextUID = max(s.NextUID, next)
			}
		}
		p = p[min(len(p), (4+size+3)&^3):]
	}
}
