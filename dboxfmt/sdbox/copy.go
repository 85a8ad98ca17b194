package sdbox

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Copy implements mailstore.Mailbox. Within the store a copy is a second name of
// the file, which gets a temporary name first and then goes the way of messages
// that are saved.
func (m *mailbox) Copy(ctx context.Context, uids []uint32, to mailstore.Mailbox) ([]uint32, error) {
	target, ok := to.(*mailbox)
	if !ok || target.box.store != m.box.store {
		return mailstore.CopyMessages(ctx, m, uids, to)
	}
	entries, err := m.box.refresh(ctx)
	if err != nil {
		return nil, m.box.wrap(0, err)
	}
	var staged []*message
	for _, uid := range uids {
		e, ok, err := entries.ByUID(ctx, uid)
		if err == nil && ok {
			var msg *message
			if msg, err = target.box.stage(ctx, m.box, e); msg != nil {
				staged = append(staged, msg)
			}
		}
		if err != nil {
			return nil, errors.Join(m.box.wrap(uid, err), target.box.discard(staged))
		}
	}
	if len(staged) == 0 {
		return nil, nil
	}
	copied, err := target.box.commit(ctx, staged)
	if err != nil {
		return nil, target.box.wrap(0, errors.Join(err, target.box.discard(staged)))
	}
	return copied, nil
}

// stage gives a message of from a temporary name here. nil: it has been expunged
// meanwhile.
func (b *box) stage(ctx context.Context, from *box, e mailstore.Entry) (*message, error) {
	m := &message{from: filepath.Join(b.dir, ".temp."+rand.Text())}
	m.opts = mailstore.SaveOptions{Flags: e.Flags, Keywords: e.Keywords}
	var err error
	for _, alt := range []bool{e.Alt, !e.Alt} {
		source := from.file(e.UID, alt)
		if err = b.store.fsys.Link(ctx, source, m.from); err == nil {
			break
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		// Another file system, or one without second names.
		failed := b.copyFile(ctx, source, m.from)
		if failed == nil {
			err = nil
			break
		}
		if err = errors.Join(err, failed); !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err != nil {
		return nil, from.missing(ctx, e.UID, err)
	}
	if err = b.describe(ctx, m, from, e.UID); err != nil {
		return nil, errors.Join(err, b.store.fsys.Remove(ctx, m.from))
	}
	return m, nil
}

// describe reads what has to be known of a copy of a message.
func (b *box) describe(ctx context.Context, m *message, from *box, uid uint32) error {
	_, msg, err := b.read(ctx, m.from)
	if err != nil {
		return err
	}
	if m.attached, err = from.attachments(uid, msg.Metadata); err != nil {
		return err
	}
	o := pop3Options(msg.Metadata)
	m.opts.POP3UIDL, m.opts.POP3Order = o.POP3UIDL, o.POP3Order
	return nil
}

// missing returns nil if a message whose file is not there has been expunged.
func (b *box) missing(ctx context.Context, uid uint32, cause error) error {
	entries, err := b.refresh(ctx)
	if err != nil {
		return err
	}
	if _, ok, err := entries.ByUID(ctx, uid); err != nil || !ok {
		return err
	}
	return errors.Join(mailstore.ErrCorrupt, cause)
}

// copyFile makes a durable copy of a file.
func (b *box) copyFile(ctx context.Context, from, to string) error {
	in := b.store.fsys.Open(from, fsapi.ReadOnly)
	defer in.Close()
	out := b.store.fsys.Create(to, fsapi.FailIfExists, b.perm)
	defer out.Close()
	return copyInto(ctx, out, in)
}

// copyInto copies a file into one that has just been created, and commits that.
func copyInto(ctx context.Context, out, in *fsapi.File) error {
	w := fsapi.NewWriter(ctx, out)
	if _, err := io.Copy(w, fsapi.NewReader(ctx, in)); err != nil {
		return err
	}
	return w.Commit()
}
