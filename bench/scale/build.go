package scale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/mdbox"
	"github.com/ringbox/ringbox/dboxfmt/sdbox"
	"github.com/ringbox/ringbox/fsapi"
)

const (
	originals = 1000   // messages that are not copies
	group     = 10_000 // messages of a transaction
)

// open opens a store.
func open(ctx context.Context, fs *fsapi.FS, format, root string) (mailstore.Store, error) {
	quiet := slog.New(slog.DiscardHandler)
	if format == "mdbox" {
		return mdbox.Open(ctx, mdbox.Options{FS: fs, Root: root, Version: 2, Logger: quiet})
	}
	return sdbox.Open(ctx, sdbox.Options{FS: fs, Root: root, Version: 2, Logger: quiet})
}

// with runs fn on the INBOX of a store.
func with(ctx context.Context, fs *fsapi.FS, format, root string, fn func(mailstore.Mailbox) error) (err error) {
	store, err := open(ctx, fs, format, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	box, err := store.Open(ctx, mailstore.Inbox)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	return fn(box)
}

// build makes a store of so many messages, telling how many there are so far.
func build(ctx context.Context, backend fsapi.BackendKind, format, root string, messages int, progress func(int)) (err error) {
	fs, err := fsapi.New(fsapi.Options{Backend: backend, Sync: fsapi.SyncNever, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fs.Close()) }()
	fill := fillSaving
	if format == "sdbox" {
		fill = fillCopying
	}
	return with(ctx, fs, format, root, func(box mailstore.Mailbox) error { return fill(ctx, box, messages, progress) })
}

// short is a message of some hundred bytes.
func short(i int) []byte {
	return fmt.Appendf(nil, "From: sender%d@example.org\nTo: list@example.org\nMessage-ID: <%d@example.org>\nSubject: message %d\n\nShort.\n", i%100, i, i)
}

// fillSaving saves every message.
func fillSaving(ctx context.Context, box mailstore.Mailbox, messages int, progress func(int)) error {
	for n := 0; n < messages; n += group {
		to := min(n+group, messages)
		if _, err := save(ctx, box, n, to, short); err != nil {
			return err
		}
		progress(to)
	}
	return nil
}

// fillCopying saves the first ones, and copies all that there are until there
// are enough.
func fillCopying(ctx context.Context, box mailstore.Mailbox, messages int, progress func(int)) error {
	mails := mail.Generate(1, min(messages, originals))
	uids, err := save(ctx, box, 0, len(mails), func(i int) []byte { return mails[i].Data })
	if err != nil {
		return err
	}
	for len(uids) < messages {
		more, err := box.Copy(ctx, uids[:min(len(uids), group, messages-len(uids))], box)
		if err != nil {
			return err
		}
		uids = append(uids, more...)
		progress(len(uids))
	}
	return nil
}

// save saves the messages from one number to another in one transaction.
func save(ctx context.Context, box mailstore.Mailbox, from, to int, data func(int) []byte) ([]uint32, error) {
	tx := box.Begin()
	for i := from; i < to; i++ {
		if err := tx.Save(ctx, bytes.NewReader(data(i)), mailstore.SaveOptions{}); err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit(ctx)
}
