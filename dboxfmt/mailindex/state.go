package mailindex

import (
	"context"
	"slices"
)

// state is what an index says up to a place in its log.
type state struct {
	head     Header // Messages, Seen and Deleted follow the records
	exts     []extension
	keywords []string
	records  *records
	requests []request
	modSeq   uint64 // of the last change
	deleted  bool   // a record says that the mailbox is deleted

	seq    uint32 // the log that has been applied
	offset int64  // up to there
	undone int64  // of the first record there that storage has still to do; -1: none

	read  int64 // bytes of the main index and of records that all this was made of
	moved int64 // bytes that changes of the layout have moved

	selected int   // the extension of the last intro, -1: none
	ignored  bool  // it was for an older generation of the extension
	intro    intro // the last one

	age        uint32 // counts freezes
	ownHeaders uint32 // the age at which the headers of exts became our own
}

// request is an expunge that somebody has asked for.
type request struct {
	uids   uidRange
	guid   [16]byte
	offset int64 // of the record
}

func newState(indexID uint32) *state {
	b := &base{stride: 8, next: 1}
	return &state{
		head:     Header{IndexID: indexID, NextUID: 1, FirstRecentUID: 1, LogRotated: NoLog2},
		records:  newRecords(b, nil),
		modSeq:   1,
		undone:   -1,
		selected: -1,
	}
}

// freeze returns a copy that does not change. Its records have a share of the
// source, which whoever drops the copy releases.
func (s *state) freeze() *state {
	s.age++
	frozen := *s
	frozen.records = s.records.freeze()
	frozen.exts = slices.Clone(s.exts)
	frozen.keywords = slices.Clip(s.keywords)
	frozen.requests = slices.Clone(s.requests)
	frozen.records.base.in.use()
	return &frozen
}

// branch returns a copy to go on with, beside s.
func (s *state) branch() *state {
	b := s.freeze()
	b.records.added = slices.Clip(b.records.added)
	b.records.gone = slices.Clip(b.records.gone)
	return b
}

func (s *state) close() { s.records.base.in.release() }

// ownExts makes sure that no copy sees the headers of extensions.
func (s *state) ownExts() {
	if s.ownHeaders != s.age {
		for i := range s.exts {
			s.exts[i].header = slices.Clone(s.exts[i].header)
		}
		s.ownHeaders = s.age
	}
}

// reset forgets everything: the index starts anew in a log without another
// before it.
func (s *state) reset() {
	s.records.base.in.release()
	fresh := newState(s.head.IndexID)
	fresh.age, fresh.ownHeaders = s.age, s.age
	*s = *fresh
}

// begin goes on at the start of another log.
func (s *state) begin(h LogHeader) {
	s.seq, s.offset, s.modSeq = h.Seq, int64(h.Size), max(s.modSeq, h.ModSeq)
	s.head.LogTail, s.selected = uint32(h.Size), -1
	if s.undone >= 0 {
		s.undone = int64(h.Size)
	}
	for i := range s.requests {
		s.requests[i].offset = -1 // of the log before
	}
}

// apply applies the record at offset of the log. An error leaves the state as it
// may be: only a part of the record is in it.
func (s *state) apply(ctx context.Context, r Record, offset int64) error {
	if s.undone < 0 && !r.External && r.Kind != KindBoundary {
		s.undone = offset
	}
	if r.Kind != KindModSeq {
		s.modSeq = r.modSeq(s.modSeq)
	}
	s.read += int64(recordHeader + len(r.Payload))
	switch r.Kind {
	case KindAppend:
		return s.append(ctx, r.Payload)
	case KindExpunge, KindExpungeGUID:
		return s.expunge(ctx, r, offset)
	case KindFlags:
		return s.changeFlags(ctx, r.Payload)
	case KindHeader:
		return eachUpdate(r.Payload, false, s.updateHeader)
	case KindKeyword:
		return s.keyword(ctx, r.Payload)
	case KindKeywordReset:
		return s.resetKeywords(ctx, r.Payload)
	case KindExtIntro, KindExtReset, KindExtHeader, KindExtHeader32, KindExtRecord, KindExtIncrement:
		return s.extension(ctx, r)
	case KindModSeq:
		return s.setModSeqs(ctx, r.Payload)
	case KindDeleted, KindUndeleted:
		s.deleted = r.Kind == KindDeleted && r.External
		return nil
	case KindBoundary, KindAttributes:
		return nil
	}
	return corrupt(4, "unknown kind of record %#x", uint32(r.Kind))
}
