package sdbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Commit implements mailstore.Transaction.
func (t *transaction) Commit(ctx context.Context) ([]uint32, error) {
	if err := t.err; err != nil {
		return nil, errors.Join(err, t.Rollback())
	}
	t.err = mailstore.ErrFinished
	if len(t.saved) == 0 {
		return nil, nil
	}
	uids, err := t.box.commit(ctx, t.saved)
	if err != nil {
		return nil, t.box.wrap(0, errors.Join(err, t.box.discard(t.saved)))
	}
	return uids, nil
}

// commitGroup does the commits that have gathered, under one lock and with one
// write to the log. The steps, and what a crash after each leaves:
//
//	lock the log        nothing; temporary files of what was saved
//	name all files      files from UIDNEXT on that no index has: nobody sees
//	                    them, the next commit or a rebuild takes them in
//	append to the log   everything is saved
func (b *box) commitGroup(ctx context.Context, l *mailindex.Locked, v *mailindex.View, group []*commitRequest) error {
	next := v.NextUID()
	var adopted, list []*message
	for try := 0; ; try++ {
		if list = assign(group, next); len(list) == 0 {
			return nil
		}
		err := b.nameAll(ctx, list)
		if err == nil {
			break
		}
		if err = errors.Join(err, b.unname(ctx, list)); !errors.Is(err, fs.ErrExist) || try > 0 {
			return err
		}
		// Somebody has died at this place.
		if adopted, next, err = b.orphans(ctx, next); err != nil {
			return err
		}
	}
	tx := &mailindex.Transaction{}
	addAll(tx, append(adopted, list...), flagBits(v))
	if err := l.Append(ctx, tx); err != nil {
		return uncertain(errors.Join(err, b.unname(ctx, list)))
	}
	for _, m := range list {
		m.finish(ctx, b.store.fsys)
	}
	b.notify()
	return nil
}

// uncertain marks an error after which a crash can bring the change back.
func uncertain(err error) error {
	if errors.Is(err, fsapi.ErrPoisoned) {
		return fmt.Errorf("%w: %w", mailstore.ErrUncertain, err)
	}
	return err
}

// assign gives the messages of a group their UIDs, from next on. A request that
// asks for UIDs that cannot be had gets its error and is left out.
func assign(group []*commitRequest, next uint32) (list []*message) {
	for _, r := range group {
		r.err = nil
		first := next
		for _, m := range r.messages {
			m.uid = max(next, m.opts.UID)
			if m.opts.UID != 0 && m.opts.UID < next || m.uid > lastUID {
				r.err = fmt.Errorf("%w: %d, UIDNEXT is %d", mailstore.ErrUID, m.uid, next)
				break
			}
			next = m.uid + 1
		}
		if r.err != nil {
			next = first
			continue
		}
		list = append(list, r.messages...)
	}
	return list
}

// nameAll makes the files of all messages durable under their names. Some have
// them when it fails. fs.ErrExist: a name is taken.
func (b *box) nameAll(ctx context.Context, list []*message) error {
	if err := b.nameAttachments(ctx, list); err != nil {
		return err
	}
	var files []*fsapi.File
	var names []string
	linked := false
	for _, m := range list {
		name := b.file(m.uid, false)
		if m.file != nil {
			files, names = append(files, m.file), append(names, name)
			continue
		}
		if err := b.store.fsys.Link(ctx, m.from, name); err != nil {
			return err
		}
		m.named, linked = true, true
	}
	err := b.store.fsys.CommitAllAs(ctx, files, names)
	for _, m := range openFiles(list) {
		m.named = m.file.Path() == b.file(m.uid, false)
	}
	if err == nil && linked {
		err = b.store.fsys.SyncDir(ctx, b.dir)
	}
	return err
}

// unname takes names back. A file that was committed gets a temporary name.
func (b *box) unname(ctx context.Context, list []*message) (err error) {
	for _, m := range list {
		err = errors.Join(err, b.unnameAttachments(ctx, m))
		if !m.named {
			continue
		}
		m.named = false
		name := b.file(m.uid, false)
		if m.file == nil {
			err = errors.Join(err, b.store.fsys.Remove(ctx, name))
			continue
		}
		m.from = filepath.Join(b.dir, ".temp."+rand.Text())
		err = errors.Join(err, b.store.fsys.Rename(ctx, name, m.from), m.file.Close())
		m.file = nil
	}
	return err
}

// finish gives up the handle or the temporary name of a message that has been
// saved. What fails here costs some space until Dovecot or a rebuild cleans up.
func (m *message) finish(ctx context.Context, fsys *fsapi.FS) {
	if m.file != nil {
		_ = m.file.Close()
	} else {
		_ = fsys.Remove(ctx, m.from)
	}
	m.file, m.from = nil, ""
}

// addAll puts the messages into a transaction of the index.
func addAll(tx *mailindex.Transaction, list []*message, bits byte) {
	was, last := bits, uint32(0)
	for _, m := range list {
		flags := m.opts.Flags & mailstore.AllFlags
		if m.alt {
			flags |= mailindex.Backend
		}
		tx.AppendUID(m.uid, flags, m.opts.Keywords...)
		if m.opts.POP3UIDL != "" {
			bits |= haveUIDL
			last = m.uid
		}
		if m.opts.POP3Order != 0 {
			bits |= haveOrder
			last = m.uid
		}
	}
	if bits != was {
		tx.SetExtHeader(dboxHeader, headerFlags, []byte{bits})
	}
	if last != 0 {
		tx.SetExtHeader(pop3Header, 0, binary.LittleEndian.AppendUint32(nil, last))
	}
}
