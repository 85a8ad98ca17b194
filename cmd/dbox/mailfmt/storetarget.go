package mailfmt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// storeTarget saves mails into the mailboxes of a store, in transactions of
// several.
type storeTarget struct {
	ctx       context.Context // that of the writing: it does not end with an interrupt
	store     *stores.Store
	box       mailstore.Mailbox // nil: none is open
	tx        mailstore.Transaction
	mails     int // in the transaction
	bytes     int64
	committed int

	keep       bool                     // UIDs, of mailboxes that are new
	kept       map[string]func() uint32 // UIDNEXT of these
	renumbered []string                 // mailboxes that had messages before
}

// CreateInStore returns a Target that adds mails to the mailboxes of a store and
// makes those that are missing. Mail without a mailbox goes to INBOX. The Target
// closes the store.
// keepUIDs: mailboxes that have had no message take over the UIDs and the
// UIDVALIDITY of those of the Source.
func CreateInStore(ctx context.Context, s *stores.Store, keepUIDs bool) Target {
	return &storeTarget{ctx: ctx, store: s, keep: keepUIDs, kept: map[string]func() uint32{}}
}

// MakeMailbox implements [Maker].
func (t *storeTarget) MakeMailbox(m Mailbox) error {
	err := t.store.Create(t.ctx, m.Name)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err == nil && m.Subscribed {
		err = t.store.Subscribe(t.ctx, m.Name, true)
	}
	if err == nil && t.keep && m.UIDValidity != 0 {
		err = t.succeed(m)
	}
	return err
}

// succeed lets a mailbox take the place of one of the source, unless it has had
// messages.
func (t *storeTarget) succeed(m Mailbox) error {
	return t.with(m.Name, func(box mailstore.Successor) error {
		err := box.SetUIDValidity(t.ctx, m.UIDValidity)
		switch {
		case errors.Is(err, mailstore.ErrUID):
			t.renumbered = append(t.renumbered, m.Name)
			return nil
		case err == nil:
			t.kept[m.Name] = m.UIDNext
		}
		return err
	})
}

func (t *storeTarget) with(name string, do func(mailstore.Successor) error) error {
	box, err := t.store.Open(t.ctx, name)
	if err != nil {
		return err
	}
	return errors.Join(do(box.(mailstore.Successor)), box.Close())
}

// raise sees to it that UIDs of messages that are gone are not used again.
func (t *storeTarget) raise() (err error) {
	for name, next := range t.kept {
		err = errors.Join(err, t.with(name, func(box mailstore.Successor) error { return box.RaiseUIDNext(t.ctx, next()) }))
	}
	return err
}

// Kept implements [Keeper].
func (t *storeTarget) Kept() (kept, renumbered []string) {
	return slices.Sorted(maps.Keys(t.kept)), t.renumbered
}

// Add implements [Target]. A text that cannot be read to its end does no harm to
// those before it: a small one is read before the transaction gets it, and a
// large one has a transaction of its own.
func (t *storeTarget) Add(m *Mail) (Loss, error) {
	if err := t.open(m.Mailbox); err != nil {
		return 0, err
	}
	o, lost := saveOptions(m)
	if t.kept[t.box.Name()] != nil {
		o.UID = m.UID
	}
	text, err := m.Text()
	if err != nil {
		return 0, err
	}
	small, err := io.ReadAll(io.LimitReader(text, smallText+1))
	if err != nil {
		return 0, err
	}
	large := len(small) > smallText
	if large {
		if err := t.commit(); err != nil {
			return 0, err
		}
	}
	all := io.MultiReader(bytes.NewReader(small), text)
	return lost, t.save(all, int64(len(small)), o, large)
}

func (t *storeTarget) save(text io.Reader, size int64, o mailstore.SaveOptions, large bool) error {
	if t.tx == nil {
		t.tx = t.box.Begin()
	}
	if err := t.tx.Save(t.ctx, text, o); err != nil {
		err = errors.Join(err, t.tx.Rollback())
		t.tx, t.mails = nil, 0
		return err
	}
	t.mails++
	t.bytes += size
	if large || t.mails >= commitMails || t.bytes >= commitBytes {
		return t.commit()
	}
	return nil
}

// saveOptions are everything of a mail but its text.
func saveOptions(m *Mail) (o mailstore.SaveOptions, lost Loss) {
	lost = m.has() & LostSender
	o = mailstore.SaveOptions{
		Flags: toStoreFlags(m.Flags), Received: m.Received, Saved: m.Saved, GUID: m.GUID,
		POP3UIDL: m.POP3UIDL, POP3Order: m.POP3Order,
		KeepCRLF: true, // whoever wanted LF has made it so
	}
	if !o.Received.IsZero() && o.Received.Unix() < 0 {
		o.Received, lost = o.Saved, lost|LostDate
	}
	if strings.Contains(o.GUID, "\n") {
		o.GUID, lost = "", lost|LostGUID
	}
	for _, k := range m.Keywords {
		if mailstore.CheckKeywords([]string{k}) != nil {
			lost |= LostKeywords
		} else if !slices.Contains(o.Keywords, k) {
			o.Keywords = append(o.Keywords, k)
		}
	}
	return o, lost
}

// open makes a mailbox the one that mail goes to.
func (t *storeTarget) open(name string) (err error) {
	if name == "" {
		name = mailstore.Inbox
	}
	if t.box != nil && t.box.Name() == name {
		return nil
	}
	if err := t.leave(); err != nil {
		return err
	}
	t.box, err = t.store.OpenOrCreate(t.ctx, name)
	if err != nil {
		t.box = nil
	}
	return err
}

func (t *storeTarget) commit() error {
	if t.tx == nil {
		return nil
	}
	_, err := t.tx.Commit(t.ctx)
	if err == nil {
		t.committed += t.mails
	}
	t.tx, t.mails, t.bytes = nil, 0, 0
	return err
}

// leave commits what is for the mailbox and closes it.
func (t *storeTarget) leave() error {
	err := t.commit()
	if t.box != nil {
		err = errors.Join(err, t.box.Close())
		t.box = nil
	}
	return err
}

// Committed implements [Target].
func (t *storeTarget) Committed() int { return t.committed }

// Finish implements [Target].
func (t *storeTarget) Finish() error { return errors.Join(t.leave(), t.raise(), t.store.Close()) }
