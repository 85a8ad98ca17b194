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
	requested, err := v.Requested(ctx)
	if err != nil {
		return err
	}
	for _, e := range requested {
		uids = append(slices.Clip(uids), e.UID) // somebody else has asked for that
	}
	gone, err := present(ctx, mailstore.Entries{View: v}, uids)
	if err != nil || len(gone) == 0 {
		return err
	}
	tx := &mailindex.Transaction{}
	for _, e := range gone {
		tx.Expunge(mailindex.Expunge{UID: e.UID})
	}
	ctx = context.WithoutCancel(ctx) // what has begun is brought to its end
	if err := l.Append(ctx, tx); err != nil {
		return uncertain(err)
	}
	b.notify()
	return errors.Join(b.removeAttachments(ctx, gone), b.remove(ctx, gone))
}

// removeAttachments removes what belongs to messages, if it is known where. It
// reads that from their files. What cannot be read stays.
func (b *box) removeAttachments(ctx context.Context, list []mailstore.Entry) (err error) {
	if b.store.opts.Attachments == "" {
		return nil
	}
	for _, e := range list {
		_, m, failed := b.read(ctx, b.file(e.UID, e.Alt))
		if errors.Is(failed, fs.ErrNotExist) {
			_, m, failed = b.read(ctx, b.file(e.UID, !e.Alt))
		}
		if failed != nil {
			continue
		}
		parts, failed := m.Metadata.ExternalParts()
		if failed != nil {
			continue
		}
		for _, p := range parts {
			err = errors.Join(err, mailstore.IgnoreMissing(b.store.fsys.Remove(ctx, b.attachment(e.UID, p.Ref))))
		}
	}
	return err
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
