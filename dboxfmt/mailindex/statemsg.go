package mailindex

import (
	"context"
	"slices"
)

func (s *state) append(ctx context.Context, p []byte) error {
	return each(p, 8, func(e []byte) error {
		uid, flags := u32(e), Flags(e[4])
		if uid < s.head.NextUID || uid == 1<<32-1 {
			return corrupt(0, "new uid %d, next uid %d", uid, s.head.NextUID)
		}
		if err := s.affords(s.records.places()+1, s.records.stride); err != nil {
			return err
		}
		s.records.append(uid, flags)
		s.head.NextUID = uid + 1
		s.count(0, flags, uid)
		return s.stamp(ctx, s.records.places()-1)
	})
}

// count follows a change of flags in the header.
func (s *state) count(was, is Flags, uid uint32) {
	h := &s.head
	h.Seen += is.number(Seen) - was.number(Seen)
	h.Deleted += is.number(Deleted) - was.number(Deleted)
	if is&Seen == 0 {
		h.FirstUnseen = min(h.FirstUnseen, uid)
	}
	if is&Deleted != 0 {
		h.FirstDeleted = min(h.FirstDeleted, uid)
	}
}

// eachLive calls fn with the places of the messages with these uids; writing
// says that their records will be changed.
func (s *state) eachLive(ctx context.Context, u uidRange, writing bool, fn func(place int) error) error {
	r := s.records
	lo, hi, err := r.locate(ctx, u)
	if err != nil {
		return err
	}
	if writing {
		if err := r.prepare(ctx, max(0, min(hi, r.base.n)-lo)); err != nil {
			return err
		}
	}
	k, _ := slices.BinarySearch(r.gone, uint32(lo))
	gone := r.gone[k:]
	for place := lo; place < hi; place++ {
		if len(gone) > 0 && gone[0] == uint32(place) {
			gone = gone[1:]
			continue
		}
		if err := fn(place); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) changeFlags(ctx context.Context, p []byte) error {
	return eachRange(p, 12, func(u uidRange, e []byte) error {
		add, remove := Flags(e[0]), Flags(e[1])
		return s.eachLive(ctx, u, true, func(place int) error {
			rec, err := s.records.write(ctx, place)
			if err != nil {
				return err
			}
			was := Flags(rec[4])
			is := was&^remove | add
			rec[4] = byte(is)
			s.count(was, is, u32(rec))
			return s.stamp(ctx, place)
		})
	})
}

func (s *state) expunge(ctx context.Context, r Record, offset int64) error {
	if r.Kind == KindExpunge {
		return eachRange(r.Payload, 8, func(u uidRange, _ []byte) error {
			return s.expungeRange(ctx, request{uids: u, offset: offset}, r.External)
		})
	}
	return each(r.Payload, 20, func(e []byte) error {
		u := uidRange{u32(e), u32(e)}
		if err := u.check(); err != nil {
			return err
		}
		return s.expungeRange(ctx, request{u, [16]byte(e[4:]), offset}, r.External)
	})
}

func (s *state) expungeRange(ctx context.Context, q request, done bool) error {
	if !done {
		s.requests = append(s.requests, q)
		return nil
	}
	s.requests = slices.DeleteFunc(s.requests, func(old request) bool {
		return old.uids.first >= q.uids.first && old.uids.last <= q.uids.last
	})
	var places []int
	err := s.eachLive(ctx, q.uids, false, func(place int) error {
		rec, _, err := s.records.read(ctx, place)
		if err != nil {
			return err
		}
		s.head.Seen -= Flags(rec[4]).number(Seen)
		s.head.Deleted -= Flags(rec[4]).number(Deleted)
		places = append(places, place)
		return nil
	})
	for _, place := range places {
		s.records.remove(place)
	}
	return err
}

// updateHeader overwrites bytes of the base header, except what describes the
// file and what follows from the records.
func (s *state) updateHeader(offset, size int64, data []byte) error {
	if offset+size > BaseHeaderSize {
		return corrupt(0, "header update at %d of %d bytes", offset, size)
	}
	old := s.head
	var b [BaseHeaderSize]byte
	old.appendFields(b[:offsetIndexID])
	copy(b[offset:], data)
	h := &s.head
	h.decodeFields(&b)
	h.IndexID, h.Messages, h.Seen, h.Deleted = old.IndexID, old.Messages, old.Seen, old.Deleted
	h.LogSeq, h.LogHead = old.LogSeq, old.LogHead
	h.NextUID = max(h.NextUID, old.NextUID)
	if offset <= offsetTail && offset+size >= offsetTail+4 {
		s.done(int64(h.LogTail))
	}
	return nil
}

// done says that everything before tail is done.
func (s *state) done(tail int64) {
	s.requests = slices.DeleteFunc(s.requests, func(q request) bool { return q.offset < tail })
	if s.undone < tail {
		s.undone = -1
	}
}
