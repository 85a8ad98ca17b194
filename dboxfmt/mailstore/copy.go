package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/dboxfmt"
)

// CopyMessages is Mailbox.Copy between stores: it reads messages and saves them.
// Attachments that are in files of their own come into the message; a compressed
// message stays what it is.
func CopyMessages(ctx context.Context, from Mailbox, uids []uint32, to Mailbox) ([]uint32, error) {
	if len(uids) == 0 {
		return nil, nil // to Fetch, nil would be all
	}
	tx := to.Begin()
	for m, err := range from.Fetch(ctx, uids, FetchOptions{Verify: true}) {
		if err == nil {
			err = saveCopy(ctx, tx, m)
		}
		if err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit(ctx)
}

func saveCopy(ctx context.Context, tx Transaction, m *Mail) error {
	saved, err := m.Saved(ctx)
	if err != nil {
		return err
	}
	o := SaveOptions{Flags: m.Flags, Keywords: m.Keywords, Received: m.Received, Saved: saved, GUID: m.GUID, KeepCRLF: true}
	if o.POP3UIDL, err = optional(m.Metadata.POP3UIDL()); err != nil {
		return err
	}
	if o.POP3Order, err = optional(m.Metadata.POP3Order()); err != nil {
		return err
	}
	if o.Stored, err = m.compression(); err != nil {
		return err
	}
	open := m.Body
	if o.Stored != nil {
		open = m.StoredBody
	}
	body, err := open(ctx)
	if err != nil {
		return err
	}
	return tx.Save(ctx, io.Reader(body), o)
}

// compression returns the items of a message that is compressed, nil for others.
func (m *Mail) compression() (dboxfmt.Metadata, error) {
	if _, parts := m.Metadata.Get('X'); parts || m.Plain() {
		return nil, nil
	}
	var items dboxfmt.Metadata
	for _, key := range []byte("ZV") {
		value, ok := m.Metadata.Get(key)
		if !ok { // it could not be known from the bytes that are there
			return nil, fmt.Errorf("%w, and has no item %c", ErrIncomplete, key)
		}
		items.Set(key, value)
	}
	return items, nil
}
