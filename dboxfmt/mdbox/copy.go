package mdbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Copy gives the messages one reference more: in the map first, and then in the
// mailbox, so that a crash between the two loses nothing.
func (b *mailbox) Copy(ctx context.Context, uids []uint32, to mailstore.Mailbox) ([]uint32, error) {
	copied, _, err := b.copyTo(ctx, uids, to)
	return copied, err
}

// Move implements mailstore.Mailbox.
func (b *mailbox) Move(ctx context.Context, uids []uint32, to mailstore.Mailbox) ([]uint32, error) {
	copied, from, err := b.copyTo(ctx, uids, to)
	if err != nil {
		return nil, err
	}
	return copied, b.Expunge(ctx, from)
}

// copyTo returns the new uids, and those of the messages they are copies of.
func (b *mailbox) copyTo(ctx context.Context, uids []uint32, to mailstore.Mailbox) (copied, from []uint32, err error) {
	if len(uids) == 0 {
		return nil, nil, nil
	}
	target, ok := to.(*mailbox)
	if ok && target.store == b.store {
		copied, from, err = b.refer(ctx, uids, target)
	}
	if !ok || target.store != b.store || errors.Is(err, errTooMany) {
		v, err := b.view(ctx)
		if err != nil {
			return nil, nil, err
		}
		list, err := v.pick(ctx, uids)
		if err != nil {
			return nil, nil, boxError(b.name, err)
		}
		from = mailUIDs(list)
		// Those that are not copied have been expunged meanwhile.
		copied, err = mailstore.CopyMessages(ctx, b, from, to)
		return copied, from, err
	}
	return copied, from, err
}

func mailUIDs(list []boxMail) (uids []uint32) {
	for _, mail := range list {
		uids = append(uids, mail.UID)
	}
	return uids
}

// refer copies within the store.
func (b *mailbox) refer(ctx context.Context, uids []uint32, target *mailbox) (copied, from []uint32, err error) {
	for try := 0; ; try++ {
		v, err := b.view(ctx)
		if err != nil {
			return nil, nil, err
		}
		list, err := v.pick(ctx, uids)
		if err != nil || len(list) == 0 {
			return nil, nil, boxError(b.name, err)
		}
		h, _ := v.header()
		t := &transaction{box: target, adds: copies(list, h.flags)}
		copied, err := t.Commit(ctx)
		switch {
		case errors.Is(err, mailindex.ErrNoMessage) && try < 2:
			// Expunged and purged since the mailbox was looked at, it seems.
		case err != nil:
			return nil, nil, fmt.Errorf("copying from %q: %w", b.name, err)
		default:
			return copied, mailUIDs(list), nil
		}
	}
}

func copies(list []boxMail, pop3 byte) (adds []add) {
	for _, mail := range list {
		adds = append(adds, add{
			mapUID: mail.mapUID, guid: mail.guid, saved: time.Unix(int64(mail.saved), 0),
			flags: mail.Flags & (mailstore.AllFlags | mailindex.Backend), keywords: mail.Keywords(), pop3: pop3,
		})
	}
	return adds
}
