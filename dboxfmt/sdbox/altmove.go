package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// AltMove implements mailstore.Mailbox. The steps, for all messages together,
// and what a crash after each leaves:
//
//	copy, durably          the same file twice; readers find the old one
//	say so in the index    the same file twice
//	remove the old files   nothing
//
// Readers look in both places, whatever the index says, so they need not wait
// for any of that.
func (m *mailbox) AltMove(ctx context.Context, uids []uint32, back bool) error {
	return m.box.wrap(0, m.box.altMove(ctx, uids, back))
}

func (b *box) altMove(ctx context.Context, uids []uint32, back bool) error {
	l, v, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer b.unlock(context.WithoutCancel(ctx), l)
	list, err := present(ctx, mailstore.Entries{View: v}, uids)
	if err != nil {
		return err
	}
	var moved []uint32
	for _, e := range list {
		if e.Alt == back {
			moved = append(moved, e.UID)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	if err := b.copyAll(ctx, moved, back); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	tx := &mailindex.Transaction{}
	markAlt(tx, moved, back)
	if err := l.Append(ctx, tx); err != nil {
		return uncertain(err)
	}
	b.notify()
	return b.removeMoved(ctx, moved, back)
}

// copyAll copies files to the other place, durably.
func (b *box) copyAll(ctx context.Context, uids []uint32, back bool) error {
	to := b.dir
	if !back {
		to = b.alt
		if err := b.makeAlt(ctx); err != nil {
			return err
		}
	}
	for _, uid := range uids {
		if err := b.copyOver(ctx, uid, back); err != nil {
			return b.wrap(uid, err)
		}
	}
	return b.store.fsys.SyncDir(ctx, to)
}

// removeMoved removes the files that copyAll has copied.
func (b *box) removeMoved(ctx context.Context, uids []uint32, back bool) error {
	for _, uid := range uids {
		if err := mailstore.IgnoreMissing(b.store.fsys.Remove(ctx, b.file(uid, back))); err != nil {
			return b.wrap(uid, err)
		}
	}
	from := b.dir
	if back {
		from = b.alt
	}
	return b.store.fsys.SyncDir(ctx, from)
}

// makeAlt makes the mailbox's directory in the alternate storage. If nobody has
// said where that is, the link to it must be there.
func (b *box) makeAlt(ctx context.Context) error {
	if b.store.opts.Alt == "" {
		has, err := b.store.tree.HasAlt(ctx)
		if err == nil && !has {
			err = fmt.Errorf("no alternate storage: %w", fs.ErrNotExist)
		}
		if err != nil {
			return err
		}
	}
	return b.store.tree.MakeDir(ctx, b.alt)
}

// copyOver copies a file to the other place. One that is there already was left
// by a crash, or is not of this message: it is replaced. When there is no file to
// copy, the message is where it is to go.
func (b *box) copyOver(ctx context.Context, uid uint32, back bool) error {
	in := b.store.fsys.Open(b.file(uid, back), fsapi.ReadOnly)
	defer in.Close()
	out := b.store.fsys.Create(b.file(uid, !back), fsapi.ReplaceIfExists, b.perm)
	defer out.Close()
	err := copyInto(ctx, out, in)
	if errors.Is(err, fs.ErrNotExist) {
		if _, there := b.store.fsys.Stat(ctx, b.file(uid, !back)); there == nil {
			return nil
		}
		return errors.Join(mailstore.ErrCorrupt, err)
	}
	return err
}

// markAlt says where messages are.
func markAlt(tx *mailindex.Transaction, uids []uint32, back bool) {
	add, remove := mailindex.Backend, mailindex.Flags(0)
	if back {
		add, remove = remove, add
	}
	for _, r := range mailstore.Ranges(uids) {
		tx.SetFlags(r, add, remove)
	}
}
