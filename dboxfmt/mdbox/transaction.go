package mdbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// maxStaged is how many bytes of messages a transaction keeps in memory. They are
// written in the commit, together with those of others.
const maxStaged = 64 << 10

// transaction saves messages into one mailbox. Until Commit they are in memory,
// and in outlets when there are more, where nobody sees them.
type transaction struct {
	box    *mailbox
	outs   []*outlet // the last one is written to
	adds   []add
	staged int   // bytes in memory
	fail   error // of an earlier call: the transaction is of no use
	done   bool
}

// add is a message that a mailbox is to get: one that is saved, in memory or in an
// outlet, or one more reference to one that the map has.
type add struct {
	text []byte // as it was given, not written yet
	opts mailstore.SaveOptions
	out  *outlet
	msg  *dboxfmt.Message

	mapUID   uint32 // 0: saved, and not in the map yet
	guid     [16]byte
	saved    time.Time
	flags    mailstore.Flags
	keywords []string
	want     uint32 // uid, 0: the next
	pop3     byte   // what of POP3 it has, as in the header of a mailbox
}

var _ mailstore.Transaction = (*transaction)(nil)

func (t *transaction) Save(ctx context.Context, body io.Reader, o mailstore.SaveOptions) error {
	if err := t.usable(); err != nil {
		return err
	}
	if err := t.save(ctx, body, o); err != nil {
		t.fail = fmt.Errorf("mailbox %q: saving: %w", t.box.name, err)
		return t.fail
	}
	return nil
}

func (t *transaction) usable() error {
	if t.done {
		return mailstore.ErrFinished
	}
	return t.fail
}

func (t *transaction) save(ctx context.Context, body io.Reader, o mailstore.SaveOptions) error {
	a, err := t.add(o)
	if err != nil {
		return err
	}
	limit := maxStaged - t.staged
	a.text, err = io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if err != nil {
		return fmt.Errorf("message to save: %w", err)
	}
	if len(a.text) <= limit {
		t.staged += len(a.text)
		t.adds = append(t.adds, a)
		return nil
	}
	for i := range t.adds {
		if err := t.write(ctx, &t.adds[i], nil); err != nil {
			return err
		}
	}
	t.staged = 0
	err = t.write(ctx, &a, body)
	t.adds = append(t.adds, a)
	return err
}

// add returns what is known of a message before its text. What it would be
// refused for is refused now.
func (t *transaction) add(o mailstore.SaveOptions) (add, error) {
	now := t.box.store.opts.Now()
	if o.GUID == "" {
		o.GUID = mailstore.NewGUID()
	}
	if o.Received.IsZero() {
		o.Received = now
	}
	a := add{opts: o, saved: o.Saved, flags: o.Flags & mailstore.AllFlags, keywords: o.Keywords, want: o.UID}
	if o.Saved.IsZero() {
		a.saved = now
	}
	if o.POP3UIDL != "" {
		a.pop3 |= boxHasPOP3UIDL
	}
	if o.POP3Order != 0 {
		a.pop3 |= boxHasPOP3Order
	}
	if o.Received.Unix() < 0 {
		return a, fmt.Errorf("received %v: before 1970: %w", o.Received, dboxfmt.ErrItem)
	}
	items := dboxfmt.Metadata{{Key: 'G', Value: o.GUID}, {Key: 'P', Value: o.POP3UIDL}}
	if _, err := (dboxfmt.Block{Metadata: items}).Append(nil, dboxfmt.NewFileHeader(2, now)); err != nil {
		return a, err
	}
	guid, err := items.GUID128()
	a.guid = guid
	return a, errors.Join(err, mailstore.CheckKeywords(o.Keywords))
}

// write writes a message to an outlet of the transaction, if that has not been
// done. more is what comes behind its text.
func (t *transaction) write(ctx context.Context, a *add, more io.Reader) error {
	if a.text == nil {
		return nil
	}
	out, err := t.outlet(ctx)
	if err == nil {
		err = t.writeTo(ctx, out, a, more)
	}
	return err
}

func (t *transaction) writeTo(ctx context.Context, out *outlet, a *add, more io.Reader) (err error) {
	var body io.Reader = bytes.NewReader(a.text)
	if more != nil {
		body = io.MultiReader(body, more)
	}
	out.calls.Context = ctx
	a.out, a.text = out, nil
	a.msg, err = t.box.store.messages.Write(ctx, out.FileWriter, body, a.opts, mailstore.StorageName(t.box.name))
	return err
}

func pop3Flags(m dboxfmt.Metadata) (flags byte) {
	if _, ok := m.Get('P'); ok {
		flags |= boxHasPOP3UIDL
	}
	if _, ok := m.Get('O'); ok {
		flags |= boxHasPOP3Order
	}
	return flags
}

// outlet returns the file for the next message.
func (t *transaction) outlet(ctx context.Context) (*outlet, error) {
	store := t.box.store
	if n := len(t.outs); n > 0 && t.outs[n-1].Size() < store.opts.RotateSize {
		return t.outs[n-1], nil
	}
	out, err := store.choose(ctx, false)
	if err == nil {
		t.outs = append(t.outs, out)
	}
	return out, err
}

func (t *transaction) Commit(ctx context.Context) ([]uint32, error) {
	if err := t.usable(); err != nil {
		return nil, errors.Join(err, t.Rollback())
	}
	t.done = true
	if len(t.adds) == 0 {
		t.forget()
		return nil, nil
	}
	uids, err := t.box.store.commit(ctx, t)
	return uids, boxError(t.box.name, err)
}

func (t *transaction) Rollback() error {
	if !t.done {
		t.done = true
		t.forget()
	}
	return nil
}

func (t *transaction) forget() {
	for _, out := range t.outs {
		out.forget()
	}
	t.outs = nil
}
