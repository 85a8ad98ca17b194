package sdbox

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Expunge implements mailstore.Mailbox. The steps, and what a crash after each
// leaves:
//
//	append to the log     the messages are gone; files below UIDNEXT that no
//	                      index has: a rebuild removes them
//	remove the files      the same, for those whose removal was not durable
//	sync the directories  nothing
//
// Success is reported after the last, so that what was reported is not undone by
// a rebuild, not even by one that knows no better than to take every file in.
func (m *mailbox) Expunge(ctx context.Context, uids []uint32) error {
	return m.box.wrap(0, m.box.expunge(ctx, uids))
}

func (b *box) expunge(ctx context.Context, uids []uint32) error {
	l, v, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer b.unlock(context.WithoutCancel(ctx), l)
	gone, err := present(ctx, mailstore.Entries{View: v}, uids)
	if err != nil || len(gone) == 0 {
		return err
	}
	// What has begun is brought to its end.
	return b.expungeWith(context.WithoutCancel(ctx), l, &mailindex.Transaction{}, gone)
}

// expungeWith writes tx, with the expunge of messages in it, and removes their
// files.
func (b *box) expungeWith(ctx context.Context, l *mailindex.Locked, tx *mailindex.Transaction, gone []mailstore.Entry) error {
	for _, e := range gone {
		tx.Expunge(mailindex.Expunge{UID: e.UID})
	}
	if err := l.Append(ctx, tx); err != nil {
		return uncertain(err)
	}
	b.notify()
	return errors.Join(b.removeAttachments(ctx, gone), b.remove(ctx, gone))
}

// present returns the entries of those UIDs that are there, in ascending order.
func present(ctx context.Context, entries mailstore.Entries, uids []uint32) (list []mailstore.Entry, err error) {
	for _, uid := range slices.Compact(slices.Sorted(slices.Values(uids))) {
		e, ok, err := entries.ByUID(ctx, uid)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, e)
		}
	}
	return list, nil
}

// remove removes the files of messages, wherever they are, durably. A move to
// the alternate storage that died has left a file there that the index does not
// speak of.
func (b *box) remove(ctx context.Context, list []mailstore.Entry) (err error) {
	_, noAlt := b.store.fsys.Stat(ctx, b.alt)
	var dirs []string
	for _, alt := range []bool{false, true} {
		removed := false
		for _, e := range list {
			if alt && !e.Alt && errors.Is(noAlt, fs.ErrNotExist) {
				continue
			}
			switch failed := b.store.fsys.Remove(ctx, b.file(e.UID, alt)); {
			case failed == nil:
				removed = true
			case !errors.Is(failed, fs.ErrNotExist):
				err = errors.Join(err, b.wrap(e.UID, failed))
			}
		}
		if removed {
			dirs = append(dirs, map[bool]string{false: b.dir, true: b.alt}[alt])
		}
	}
	for _, dir := range dirs {
		err = errors.Join(err, b.store.fsys.SyncDir(ctx, dir))
	}
	return err
}
