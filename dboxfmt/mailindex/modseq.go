package mailindex

import (
	"context"
	"encoding/binary"
)

// modSeq returns the modification sequence after r. Every change that other
// sessions are told about counts; asking for an expunge is none.
func (r Record) modSeq(before uint64) uint64 {
	switch r.Kind {
	case KindExpunge, KindExpungeGUID:
		if r.External {
			return before + 1
		}
	case KindAppend, KindFlags, KindKeyword, KindKeywordReset, KindAttributes:
		return before + 1
	case KindModSeq:
		for at := 0; at+12 <= len(r.Payload); at += 12 {
			before = max(before, uint64(u32(r.Payload[at+4:]))|uint64(u32(r.Payload[at+8:]))<<32)
		}
	}
	return before
}

// stamp notes the modification sequence in a record, if the index keeps them.
func (s *state) stamp(ctx context.Context, place int) error {
	number := find(s.exts, modSeqName)
	if number < 0 || s.records.fields[number].size != 8 {
		return nil
	}
	rec, err := s.records.write(ctx, place)
	if err != nil {
		return err
	}
	b := get(rec, s.records.fields, number)
	if binary.LittleEndian.Uint64(b) < s.modSeq {
		binary.LittleEndian.PutUint64(b, s.modSeq)
	}
	return nil
}

// modSeqName is the extension that keeps modification sequences: in its header
// u64 highest, u32 log sequence, u32 log offset; in every record u64.
const modSeqName = "modseq"

// setModSeqs raises the modification sequences that a record tells.
func (s *state) setModSeqs(ctx context.Context, p []byte) error {
	return each(p, 12, func(e []byte) error {
		modSeq := uint64(u32(e[4:])) | uint64(u32(e[8:]))<<32
		was := s.modSeq
		s.modSeq = modSeq
		err := s.eachLive(ctx, uidRange{u32(e), u32(e)}, false, func(place int) error { return s.stamp(ctx, place) })
		s.modSeq = max(was, modSeq)
		return err
	})
}

// modSeqAt returns the place in the logs that the modification sequences of st
// are up to, as the index has noted it.
func (s *state) modSeqAt() (seq uint32, offset int64, kept bool) {
	i := find(s.exts, modSeqName)
	if i < 0 {
		return 0, 0, false
	}
	if h := s.exts[i].header; len(h) >= 16 {
		return u32(h[8:]), int64(u32(h[12:])), true
	}
	return 0, 0, true
}
