package mdbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// perTransaction is how many messages are written to an index in one piece.
const perTransaction = 10000

// writeMap begins the map anew with all messages and the references that the
// mailboxes will have.
func (r *rebuild) writeMap(ctx context.Context, locked *mailindex.Locked) error {
	list := slices.DeleteFunc(slices.Clone(r.messages), func(m *scanned) bool { return m.uid == 0 })
	slices.SortFunc(list, func(a, b *scanned) int { return cmp.Compare(a.uid, b.uid) })
	head := &mailindex.Transaction{}
	head.SetUIDValidity(r.validity)
	header := binary.LittleEndian.AppendUint32(nil, r.highest)
	head.SetExtHeader(placeExt, 0, binary.LittleEndian.AppendUint32(header, r.old.rebuilds+1))
	txs := []*mailindex.Transaction{head}
	for i, m := range list {
		if i%perTransaction == 0 {
			txs = append(txs, &mailindex.Transaction{})
		}
		entry := txs[len(txs)-1].AppendUID(m.uid, 0)
		entry.SetExt(placeExt, m.at.bytes())
		entry.SetExt(refExt, binary.LittleEndian.AppendUint16(nil, uint16(min(m.found, math.MaxUint16))))
	}
	tail := &mailindex.Transaction{}
	tail.SetNextUID(r.nextUID)
	tail.Done()
	return locked.Reset(ctx, append(txs, tail)...)
}

func (r *rebuild) writeBoxes(ctx context.Context) error {
	for _, b := range r.boxes {
		var err error
		if b.damaged {
			err = r.resetBox(ctx, b)
		} else {
			err = r.correctBox(ctx, b)
		}
		if err != nil {
			return boxError(b.name, err)
		}
		r.report.Mailboxes++
	}
	return nil
}

// correctBox changes in an index only what is wrong.
func (r *rebuild) correctBox(ctx context.Context, b *rebuiltBox) error {
	locked, err := b.index.Lock(ctx)
	if err != nil {
		return err
	}
	t := &mailindex.Transaction{}
	err = r.header(ctx, b, t)
	for _, ref := range b.refs {
		switch {
		case ref.msg == nil:
			t.Expunge(mailindex.Expunge{UID: ref.uid, GUID: ref.guid})
			r.dropped(b, ref)
			continue
		case ref.msg.uid != ref.mapUID:
			t.SetExt(mdboxExt, ref.uid, mailRecord{mapUID: ref.msg.uid, saved: ref.saved}.bytes())
		}
		if ref.msg.guid != ref.guid {
			t.SetExt(guidExt, ref.uid, ref.msg.guid[:])
		}
		r.report.Messages++
	}
	r.appendRestored(b, t)
	if err == nil {
		err = locked.Append(ctx, t)
	}
	return errors.Join(err, r.store.unlock(ctx, locked))
}

func (r *rebuild) dropped(b *rebuiltBox, ref boxRef) {
	r.report.Dropped++
	r.note("mailbox %q: uid %d, GUID %x: no file has the message", b.name, ref.uid, ref.guid)
}

// header gives a mailbox its header: what it lacks, and the map it refers to.
func (r *rebuild) header(ctx context.Context, b *rebuiltBox, t *mailindex.Transaction) (err error) {
	h, _ := b.view.header()
	was := h
	h.mapValidity = r.validity
	if h.guid == [16]byte{} {
		rand.Read(h.guid[:])
	}
	for _, m := range b.restored {
		h.flags |= pop3Flags(m.msg.Metadata)
	}
	if h != was || b.damaged {
		t.SetExtHeader(boxExt, 0, h.bytes())
	}
	validity := b.view.UIDValidity()
	if validity != 0 && !b.damaged {
		return nil
	}
	if validity == 0 {
		validity, err = r.store.tree.NextUIDValidity(ctx)
	}
	t.SetUIDValidity(validity)
	return err
}

func (r *rebuild) appendRestored(b *rebuiltBox, t *mailindex.Transaction) {
	for _, m := range b.restored {
		saved, err := m.msg.Metadata.Saved()
		if err != nil {
			saved = r.store.opts.Now()
		}
		entry := t.Append(0)
		entry.SetExt(mdboxExt, mailRecord{mapUID: m.uid, saved: saveTime(saved)}.bytes())
		entry.SetExt(guidExt, m.guid[:])
		r.report.Messages++
	}
}

// lostUIDs is more than a log can give away between two main indexes.
const lostUIDs = 1 << 17

// resetBox begins a damaged index anew with what could be read of it.
func (r *rebuild) resetBox(ctx context.Context, b *rebuiltBox) error {
	locked, err := b.index.LockDamaged(ctx)
	if err != nil {
		return err
	}
	head := &mailindex.Transaction{}
	err = r.header(ctx, b, head)
	txs := []*mailindex.Transaction{head}
	for i, ref := range b.refs {
		if ref.msg == nil {
			r.dropped(b, ref)
			continue
		}
		if i%perTransaction == 0 || len(txs) == 1 {
			txs = append(txs, &mailindex.Transaction{})
		}
		m, found := b.view.Find(ctx, ref.uid)
		err = errors.Join(err, found)
		entry := txs[len(txs)-1].AppendUID(ref.uid, m.Flags, m.Keywords()...)
		entry.SetExt(mdboxExt, mailRecord{mapUID: ref.msg.uid, saved: ref.saved}.bytes())
		entry.SetExt(guidExt, ref.msg.guid[:])
		r.report.Messages++
	}
	next, tail := &mailindex.Transaction{}, &mailindex.Transaction{}
	if uid := b.view.NextUID(); b.fresh || uid >= 1<<31 {
		next.SetNextUID(uid)
	} else {
		// What cannot be read may have used up uids, which must not be used again.
		next.SetNextUID(uid + lostUIDs)
	}
	if recent := b.view.Header().FirstRecentUID; recent != 0 {
		next.SetFirstRecentUID(recent)
	}
	r.appendRestored(b, tail)
	if err == nil {
		err = locked.Reset(ctx, append(txs, next, tail)...)
	}
	return errors.Join(err, locked.Unlock())
}
