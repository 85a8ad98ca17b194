package mdbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Expunge takes messages out of the mailbox first, and then counts the
// references down: a crash between the two wastes space, the other way round it
// would lose a message that another mailbox has. What others have asked to
// expunge is done along with it.
func (b *mailbox) Expunge(ctx context.Context, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	m, err := b.store.lockMap(ctx)
	if err != nil {
		return boxError(b.name, err)
	}
	err = b.expunge(ctx, m, uids)
	return boxError(b.name, errors.Join(err, b.store.unlock(ctx, m.Locked)))
}

func (b *mailbox) expunge(ctx context.Context, m *lockedMap, uids []uint32) error {
	locked, err := b.index.Lock(ctx)
	if err != nil {
		return err
	}
	gone, err := b.expungeLocked(ctx, m, locked, uids)
	ctx = context.WithoutCancel(ctx) // what has begun is brought to its end
	if err = errors.Join(err, b.store.unlock(ctx, locked)); err != nil {
		return err
	}
	return m.unref(ctx, gone)
}

// expungeLocked returns the messages that it has expunged.
func (b *mailbox) expungeLocked(ctx context.Context, m *lockedMap, locked *mailindex.Locked, uids []uint32) ([]boxMail, error) {
	view, err := locked.View(ctx)
	if err != nil {
		return nil, err
	}
	v := newBoxView(view)
	if err := v.belongs(b.index, m.mapView); err != nil {
		return nil, err
	}
	requested, err := v.Requested(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range requested {
		uids = append(uids[:len(uids):len(uids)], r.UID)
	}
	list, err := v.pick(ctx, unique(uids))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var t mailindex.Transaction
	for _, mail := range list {
		t.Expunge(mailindex.Expunge{UID: mail.UID, GUID: mail.guid})
	}
	t.Done()
	return list, locked.Append(ctx, &t)
}

func unique(uids []uint32) (list []uint32) {
	for _, r := range mailstore.Ranges(uids) {
		for uid := r.First; ; uid++ {
			list = append(list, uid)
			if uid == r.Last {
				break
			}
		}
	}
	return list
}

// unref counts down the references to messages that a mailbox has had.
func (m *lockedMap) unref(ctx context.Context, gone []boxMail) error {
	less := map[uint32]int{}
	for _, mail := range gone {
		less[mail.mapUID]++
	}
	var t mailindex.Transaction
	for uid, n := range less {
		e, err := m.find(ctx, uid)
		if errors.Is(err, mailindex.ErrNoMessage) || errors.Is(err, mailstore.ErrCorrupt) {
			continue // Verify reports it
		}
		if err != nil {
			return err
		}
		setRefs(&t, e, max(0, int(e.refs)-n))
	}
	if err := m.append(ctx, &t); err != nil {
		return fmt.Errorf("the messages are expunged, but the map still counts them: %w", err)
	}
	return nil
}
