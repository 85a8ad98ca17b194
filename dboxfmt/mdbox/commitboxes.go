package mdbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// lockedBox is the index of a mailbox that is locked for what is delivered to it.
type lockedBox struct {
	*mailindex.Locked
	boxView
	name  string
	group []*delivery
	next  uint64 // uid after those of the group
}

type lockedBoxes []*lockedBox

// lockBoxes locks the mailboxes of a group, in the order of their names.
// Deliveries whose mailbox cannot take them fail.
func (s *Store) lockBoxes(ctx context.Context, m *lockedMap, group []*delivery) (list lockedBoxes) {
	sorted := slices.Clone(group)
	slices.SortStableFunc(sorted, func(a, b *delivery) int { return strings.Compare(a.box.index.name, b.box.index.name) })
	var box *lockedBox
	failed := map[*boxIndex]error{}
	for _, d := range sorted {
		index := d.box.index
		if d.err = failed[index]; d.err != nil {
			continue
		}
		if box == nil || box.name != index.name {
			locked, err := lockBox(ctx, m, index)
			if err != nil {
				d.err, failed[index] = err, err
				continue
			}
			box = locked
			list = append(list, box)
		}
		// Another index of this name may be of the same mailbox: its lock is taken.
		if d.err = boxError(index.name, box.belongs(index, m.mapView)); d.err == nil {
			box.group = append(box.group, d)
			box.next, d.err = fitUIDs(d.adds, box.next)
		}
	}
	return list
}

func lockBox(ctx context.Context, m *lockedMap, index *boxIndex) (*lockedBox, error) {
	locked, err := index.Lock(ctx)
	if err != nil {
		return nil, boxError(index.name, err)
	}
	b := &lockedBox{Locked: locked, name: index.name}
	v, err := locked.View(ctx)
	if err == nil {
		b.boxView = newBoxView(v)
		b.next = uint64(b.NextUID())
		err = b.belongs(index, m.mapView)
	}
	if err != nil {
		return nil, errors.Join(boxError(index.name, err), locked.Unlock())
	}
	return b, nil
}

// fitUIDs makes sure that messages can have the uids they want, and returns the
// next uid after them.
func fitUIDs(adds []add, next uint64) (uint64, error) {
	at := next
	for _, a := range adds {
		if a.want != 0 && uint64(a.want) < at {
			return next, fmt.Errorf("%w: %d, the next is %d", mailstore.ErrUID, a.want, at)
		}
		if at = max(at, uint64(a.want)) + 1; at > 1<<32-1 {
			return next, fmt.Errorf("%w: none are left", mailstore.ErrUID)
		}
	}
	return at, nil
}

func (s *Store) unlockBoxes(ctx context.Context, boxes lockedBoxes) {
	for _, b := range boxes {
		_ = s.unlock(ctx, b.Locked) // what is done is done
	}
}

// enter adds the messages to the mailboxes; the syncs of several overlap. What
// fails is taken out of the map again, as far as possible.
func (l lockedBoxes) enter(ctx context.Context, m *lockedMap) {
	var entered sync.WaitGroup
	for _, b := range l {
		entered.Go(func() { b.enter(ctx, alive(b.group)) })
	}
	entered.Wait()
	var t mailindex.Transaction
	undo := false
	for _, b := range l {
		for _, d := range b.group {
			if d.err != nil && d.mapped && !errors.Is(d.err, mailstore.ErrUncertain) {
				undo = true
				for _, a := range d.adds {
					t.Increment(refExt, a.mapUID, -1)
				}
			}
		}
	}
	if undo {
		// Should this fail too, the messages are ones that no mailbox has: Verify
		// reports them.
		_ = m.append(ctx, &t)
	}
}

func (b *lockedBox) enter(ctx context.Context, group []*delivery) {
	if len(group) == 0 {
		return
	}
	var t mailindex.Transaction
	var added [][]*mailindex.Added
	for _, d := range group {
		var entries []*mailindex.Added
		for i := range d.adds {
			a := &d.adds[i]
			entry := t.AppendUID(a.want, a.flags, a.keywords...)
			entry.SetExt(mdboxExt, mailRecord{mapUID: a.mapUID, saved: saveTime(a.saved)}.bytes())
			entry.SetExt(guidExt, a.guid[:])
			entries = append(entries, entry)
		}
		added = append(added, entries)
	}
	b.notePOP3(&t, group)
	if err := b.Append(ctx, &t); err != nil {
		if errors.Is(err, fsapi.ErrPoisoned) {
			err = fmt.Errorf("%w: %w", mailstore.ErrUncertain, err)
		}
		fail(group, err)
		return
	}
	for i, d := range group {
		for _, entry := range added[i] {
			d.uids = append(d.uids, entry.UID())
		}
	}
}

// notePOP3 says in the headers of the index that messages have POP3 keys, and up
// to which uid: Dovecot looks for them only then.
func (b *lockedBox) notePOP3(t *mailindex.Transaction, group []*delivery) {
	h, _ := b.header()
	flags, next, last := h.flags, b.NextUID(), uint32(0)
	for _, d := range group {
		for _, a := range d.adds {
			uid := max(next, a.want)
			next = uid + 1
			if flags |= a.pop3; a.pop3 != 0 {
				last = uid
			}
		}
	}
	if flags != h.flags {
		t.SetExtHeader(boxExt, boxHeaderSize-4, []byte{flags, 0, 0, 0})
	}
	if last != 0 {
		t.SetExtHeader(pop3Ext, 0, binary.LittleEndian.AppendUint32(nil, last))
	}
}
