package mdbox

import (
	"context"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
)

// absurdUID: a mailbox that refers to a map uid so high is damaged. Going on from
// there would leave the map none to give.
const absurdUID = 1 << 31

// join finds out which message of the files every entry of the old map and every
// entry of a mailbox means.
func (r *rebuild) join(context.Context) error {
	r.byUID, r.taken = map[uint32]*scanned{}, map[uint32]bool{}
	r.nextUID = max(r.old.nextUID, 1)
	var strays []mapped
	for _, e := range r.old.entries {
		r.highest = max(r.highest, e.at.file)
		if !r.identify(e, 0) {
			strays = append(strays, e)
		}
	}
	r.findStrays(strays)
	r.findTwins()
	for _, b := range r.boxes {
		h, _ := b.view.header()
		for i := range b.refs {
			ref := &b.refs[i]
			if ref.mapUID < absurdUID {
				r.nextUID = max(r.nextUID, ref.mapUID+1)
			}
			if ref.msg = r.meant(ref, h.mapValidity == r.validity); ref.msg != nil {
				ref.msg.found++
			}
		}
	}
	r.number()
	return nil
}

// identify finds the message of an entry of the old map, so many bytes behind
// the place that it gives.
func (r *rebuild) identify(e mapped, shift int64) bool {
	m := r.byPlace[filePlace{e.at.file, int64(e.at.offset) + shift}]
	if m == nil || m.was.Action == dboxfmt.Kept && m.at.size != e.at.size {
		return false
	}
	r.byUID[e.uid] = m
	if !m.known {
		m.known, m.uid = true, e.uid
		r.taken[e.uid] = true
	}
	m.refs = max(m.refs, int(e.refs))
	return true
}

// findStrays looks for messages that are not where the map says, since something
// before them was lost or came in between. How far they have moved is seen from
// those whose GUIDs the mailboxes tell. The others have none to be known by, and
// it would not be known that they are expunged.
func (r *rebuild) findStrays(strays []mapped) {
	if len(strays) == 0 {
		return
	}
	guids := map[uint32][16]byte{}
	for _, b := range r.boxes {
		for _, ref := range b.refs {
			guids[ref.mapUID] = ref.guid
		}
	}
	shifts := map[filePlace]bool{} // file, and by how much
	for _, e := range strays {
		for _, m := range r.byGUID[guids[e.uid]] {
			if m.file == e.at.file && m.at.size == e.at.size {
				shifts[filePlace{m.file, m.was.Offset - int64(e.at.offset)}] = true
			}
		}
	}
	for _, e := range strays {
		for shift := range shifts {
			if shift.file == e.at.file && r.identify(e, shift.offset) {
				break
			}
		}
	}
}

// findTwins chooses one of the messages that are the same: rather one that was
// not damaged, that the map knows, and that it counts references to.
func (r *rebuild) findTwins() {
	for _, list := range r.byGUID {
		slices.SortStableFunc(list, func(a, b *scanned) int { return b.rank() - a.rank() })
		for i, m := range list {
			for _, first := range list[:i] {
				m.twin = m.twin || !first.twin && first.msg.BodySize == m.msg.BodySize
			}
		}
	}
}

func (m *scanned) rank() (rank int) {
	if m.refs > 0 {
		rank++
	}
	if m.known {
		rank += 2
	}
	if m.was.Action == dboxfmt.Kept {
		rank += 4
	}
	return rank
}

// meant returns the message that a mailbox means: the one the map gives it, if
// that has the GUID; else any of the GUID; else the one that the map gives it,
// whose GUID may have been lost.
func (r *rebuild) meant(ref *boxRef, sameMap bool) *scanned {
	var m *scanned
	if sameMap && !r.old.lost() {
		m = r.byUID[ref.mapUID]
	}
	if m != nil && (m.guid == ref.guid || ref.guid == [16]byte{}) {
		return m
	}
	if list := r.byGUID[ref.guid]; len(list) > 0 && ref.guid != [16]byte{} {
		return list[0]
	}
	return m
}

// number gives map uids to messages that have none: those by which mailboxes
// know them, where that is possible.
func (r *rebuild) number() {
	for _, b := range r.boxes {
		for _, ref := range b.refs {
			if m := ref.msg; m != nil && m.uid == 0 && ref.mapUID != 0 && ref.mapUID < absurdUID && !r.taken[ref.mapUID] {
				m.uid = ref.mapUID
				r.taken[m.uid] = true
			}
		}
	}
	for _, m := range r.messages {
		if m.uid == 0 && !(m.busy && m.found == 0) {
			m.uid = r.nextUID
			r.nextUID++
		}
	}
}

// restore gives messages that no mailbox refers to back to the mailbox they were
// saved to.
func (r *rebuild) restore(ctx context.Context) error {
	for _, m := range r.messages {
		if m.uid == 0 || !r.missed(m) {
			continue
		}
		b, err := r.home(ctx, m)
		if err != nil {
			return err
		}
		if b == nil || m.found > 0 && !b.fresh && !b.damaged || b.has(m) {
			continue
		}
		b.restored = append(b.restored, m)
		m.found++
		r.report.Added++
	}
	return nil
}

func (b *rebuiltBox) has(m *scanned) bool {
	return slices.ContainsFunc(b.refs, func(ref boxRef) bool { return ref.msg == m })
}

// missed reports whether a message may be missing somewhere. One that has a
// mailbox is, if the map counts more references than there are.
func (r *rebuild) missed(m *scanned) bool {
	switch {
	case m.found > 0:
		return m.known && m.refs > m.found
	case m.twin || m.known && m.refs == 0:
		return false
	case r.expungedFromBoxes(m):
		return false // also if the map has not been told yet
	case m.known:
		return true
	case r.old.expunged[m.guid]:
		return false
	case m.was.Verdict == dboxfmt.TornTail || m.was.Action != dboxfmt.Kept:
		return r.wasMapped(m) || r.old.damaged && r.incomplete()
	}
	return true
}

// incomplete reports whether a mailbox lacks a message, or may have forgotten that
// it has got one. What was acknowledged is in a mailbox.
func (r *rebuild) incomplete() bool {
	return slices.ContainsFunc(r.boxes, func(b *rebuiltBox) bool {
		return b.damaged || b.fresh || slices.ContainsFunc(b.refs, func(ref boxRef) bool { return ref.msg == nil })
	})
}

// expungedFromBoxes reports whether a mailbox says that it has expunged the
// message. That counts only as long as no mailbox may have forgotten that it has
// got it.
func (r *rebuild) expungedFromBoxes(m *scanned) bool {
	said := false
	for _, b := range r.boxes {
		if b.damaged || b.fresh {
			return false
		}
		said = said || b.expunged[m.guid]
	}
	return said && r.box(homeName(m)) != nil
}

// wasMapped reports whether the map knew of something in the range that the
// message was made of.
func (r *rebuild) wasMapped(m *scanned) bool {
	return slices.ContainsFunc(r.old.entries, func(e mapped) bool {
		return e.at.file == m.file && int64(e.at.offset) < m.was.End() && e.at.end() > m.was.Offset
	})
}
