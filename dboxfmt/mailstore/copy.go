package mailstore

import (
	"context"
	"errors"
	"io"
)

// CopyMessages is Mailbox.Copy between stores: it reads messages and saves them.
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
	body, err := m.Body(ctx)
	if err != nil {
		return err
	}
	return tx.Save(ctx, io.Reader(body), o)
}
