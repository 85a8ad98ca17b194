package mailindex

import (
	"context"
	"encoding/binary"
)

// extension applies a record about extensions. An intro selects one; the others
// are about that.
func (s *state) extension(ctx context.Context, r Record) error {
	if r.Kind == KindExtIntro {
		return s.introduce(r.Payload)
	}
	if s.selected < 0 {
		return corrupt(4, "extension record before any intro")
	}
	if r.Kind == KindExtReset {
		return s.resetExtension(r.Payload)
	}
	if s.ignored {
		return nil
	}
	switch r.Kind {
	case KindExtHeader:
		return eachUpdate(r.Payload, false, s.updateExtHeader)
	case KindExtHeader32:
		return eachUpdate(r.Payload, true, s.updateExtHeader)
	case KindExtRecord:
		return s.setFields(ctx, r.Payload)
	default:
		return s.increment(ctx, r.Payload)
	}
}

func (s *state) introduce(p []byte) error {
	for at := 0; at < len(p); {
		in, n, err := decodeIntro(p[at:])
		if err == nil {
			err = s.choose(in)
		}
		if err != nil {
			return placed(err, "", int64(recordHeader+at))
		}
		at += n
	}
	return nil
}

// choose selects the extension of one intro, makes it, and changes its sizes.
func (s *state) choose(in intro) error {
	number := int(in.number)
	if in.number == byName {
		number = find(s.exts, in.name)
	}
	s.intro, s.ignored = in, false
	switch {
	case number >= len(s.exts):
		return corrupt(0, "extension %d of %d", number, len(s.exts))
	case number < 0:
		if err := checkExtName(in.name); err != nil {
			return err
		}
		if len(s.exts) == maxExtensions {
			return corrupt(0, "more than %d extensions", maxExtensions)
		}
		number = len(s.exts)
		s.addExtension(extension{name: in.name, resetID: in.resetID, field: field{recordFixed, 0}})
	}
	s.selected = number
	e := &s.exts[number]
	if e.resetID != in.resetID {
		s.ignored = true
		return nil
	}
	if want := int(in.headerSize); want > len(e.header) || want < len(e.header) && !in.noShrink {
		if s.headerBytes()+want > maxHeader/2 {
			return corrupt(8, "more than %d bytes of extension headers", maxHeader/2)
		}
		if err := s.moves(want); err != nil {
			return err
		}
		header := make([]byte, want)
		copy(header, e.header)
		e.header = header
	}
	size := s.records.fields[number].size
	if in.recordSize > size || in.recordSize < size && !in.noShrink && e.name != keywordsName {
		return s.resize(number, in.recordSize, in.align)
	}
	if size == 0 {
		e.align = in.align
	}
	return nil
}

// headerBytes is how many bytes the headers of all extensions have.
func (s *state) headerBytes() (n int) {
	for i := range s.exts {
		n += len(s.exts[i].header)
	}
	return n
}

func (s *state) addExtension(e extension) {
	s.exts = append(s.exts, e)
	fields := append(s.records.fields[:len(s.records.fields):len(s.records.fields)], e.field)
	s.records.fields = fields
	s.records.memOwn = false
}

// resize changes the size of an extension's field in all records.
func (s *state) resize(number, size, align int) error {
	list := make([]extension, len(s.exts))
	copy(list, s.exts)
	list[number].field.size, list[number].align = size, align
	total := recordFixed
	fields := make([]field, len(list))
	for i := range list {
		fields[i] = field{total, list[i].field.size}
		total += list[i].field.size
	}
	if total > maxFields {
		return corrupt(0, "records of %d bytes", total)
	}
	if err := s.affords(s.records.places(), total); err != nil {
		return err
	}
	if err := s.moves(s.records.places() * total); err != nil {
		return err
	}
	s.exts[number].field.size, s.exts[number].align = size, align
	s.records.setFields(fields, total)
	return nil
}

func (s *state) resetExtension(p []byte) error {
	if len(p) != 4 && len(p) != 8 {
		return corrupt(recordHeader, "extension reset of %d bytes", len(p))
	}
	e := &s.exts[s.selected]
	e.resetID, s.ignored = u32(p), false
	s.intro.resetID = e.resetID
	if len(p) == 8 && p[4] != 0 {
		return nil
	}
	if err := s.moves(len(e.header) + s.records.places()*s.records.stride); err != nil {
		return err
	}
	e.header = make([]byte, len(e.header))
	if s.selected < len(s.records.fields) {
		s.records.clear(s.selected)
	}
	return nil
}

func (s *state) updateExtHeader(offset, size int64, data []byte) error {
	e := &s.exts[s.selected]
	if offset+size > int64(len(e.header)) {
		return corrupt(0, "update at %d of %d bytes in the %d of extension %q", offset, size, len(e.header), e.name)
	}
	s.ownExts()
	copy(e.header[offset:], data)
	switch e.name {
	case keywordsName:
		names, err := DecodeKeywords(e.header)
		if err != nil {
			return err
		}
		s.keywords = names
	case modSeqName:
		if len(e.header) >= 8 {
			s.modSeq = max(s.modSeq, binary.LittleEndian.Uint64(e.header))
		}
	}
	return nil
}

// setFields gives messages the data of the selected extension. Data for messages
// that are gone is passed over.
func (s *state) setFields(ctx context.Context, p []byte) error {
	size := s.intro.recordSize
	if size == 0 {
		return corrupt(4, "data for records of extension %q, which has none", s.exts[s.selected].name)
	}
	return each(p, 4+alignTo(size, 4), func(e []byte) error {
		uid := u32(e)
		return s.eachLive(ctx, uidRange{uid, uid}, true, func(place int) error {
			rec, err := s.records.write(ctx, place)
			if err != nil {
				return err
			}
			to := get(rec, s.records.fields, s.selected)
			clear(to[copy(to, e[4:4+size]):])
			return nil
		})
	})
}

// increment adds to numbers of the selected extension.
func (s *state) increment(ctx context.Context, p []byte) error {
	return each(p, 8, func(e []byte) error {
		uid, diff := u32(e), int64(int32(u32(e[4:])))
		return s.eachLive(ctx, uidRange{uid, uid}, true, func(place int) error {
			rec, err := s.records.write(ctx, place)
			if err != nil {
				return err
			}
			return add(get(rec, s.records.fields, s.selected), diff)
		})
	})
}

// add adds to a number of 1, 2, 4 or 8 bytes, which must hold the result.
func add(b []byte, diff int64) error {
	var wide [8]byte
	copy(wide[:], b)
	was := binary.LittleEndian.Uint64(wide[:])
	is := was + uint64(diff)
	bits := 8 * len(b)
	switch {
	case bits != 8 && bits != 16 && bits != 32 && bits != 64:
		return corrupt(0, "sum in a field of %d bytes", len(b))
	case diff < 0 && was < uint64(-diff) || diff > 0 && is < was || bits < 64 && is>>bits != 0:
		return corrupt(0, "%d and %d do not fit into %d bytes", was, diff, len(b))
	}
	binary.LittleEndian.PutUint64(wide[:], is)
	copy(b, wide[:])
	return nil
}
