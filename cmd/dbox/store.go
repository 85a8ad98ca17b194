package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// storeOptions are the flags of the commands that work on a store.
type storeOptions struct {
	version     int    // of message files; 0: what is right for the store
	create      bool   // make what is missing
	attachments string // Dovecot's mail_attachment_dir
	json        bool
	reading     bool // nothing is written but what an index may need
}

// storeHelp is what the help of these commands has in common.
const storeHelp = `
STORE is sdbox:PATH or mdbox:PATH, with :ALT=PATH behind it where the alternate storage
is not where the link dbox-alt-root leads to; or a PATH alone, if a store is there. The
store may be in use by Dovecot and others. Run dbox as the user whose mail it is: files
that it makes belong to the user it runs as.`

// uidHelp explains sets of UIDs.
const uidHelp = `
UIDS is a list such as 1:5,9,20: of numbers and ranges; "20:" and "20:*" mean from 20 on,
"1:" means all, "*" the last message. A range takes what is there of it; a number on its
own must be there, or nothing is done.
`

// versionHelp explains --version.
const versionHelp = `
Message files are written in the version that --version says. Without it that is 2 in a
store that Dovecot has used (it has a dovecot.list.index.log or dovecot.mailbox.log) or
that has message files of version 1 or 2, since Dovecot reads no version 3; else 3.
`

func (o *storeOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, one object on each line")
}

func (o *storeOptions) addAttachments(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.attachments, "attachments", "", "where attachments outside of messages are: Dovecot's mail_attachment_dir")
}

func (o *storeOptions) addVersion(cmd *cobra.Command) {
	cmd.Flags().IntVar(&o.version, "version", 0, "of the message files that are written: 2, for Dovecot, or 3; default: see above")
}

// withStore runs fn on a store.
func (a *app) withStore(ctx context.Context, location string, o storeOptions, fn func(*stores.Store) error) error {
	if o.version != 0 && o.version != 2 && o.version != 3 {
		return usageError{fmt.Errorf("--version %d: 2 or 3", o.version)}
	}
	l, err := stores.Parse(location)
	if err != nil {
		return usageError{err}
	}
	return a.withFS(ctx, func(fs *fsapi.FS) (err error) {
		s, err := a.openStore(ctx, fs, l, o)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		if !o.reading {
			a.warnOwner(ctx, s)
		}
		return fn(s)
	})
}

// warnOwner tells whoever works on the mail of somebody else, as root does by
// mistake, that the other may not be able to use the files.
func (a *app) warnOwner(ctx context.Context, s *stores.Store) {
	info, err := s.FS.Stat(ctx, s.Location.Root)
	if err != nil {
		return
	}
	owner, ok := info.Sys().(fsapi.Info)
	if user := os.Geteuid(); ok && user >= 0 && int(owner.UID) != user {
		a.warn("warning: %s belongs to uid %d, and what is made there now to uid %d", s.Location.Root, owner.UID, user)
	}
}

func (a *app) openStore(ctx context.Context, fs *fsapi.FS, l stores.Location, o storeOptions) (*stores.Store, error) {
	return stores.Open(ctx, l, stores.Options{
		FS: fs, Version: o.version, Create: o.create, Attachments: o.attachments, Logger: a.logger(),
	})
}

// logger is for what goes wrong and does not matter to the result.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// withMailbox runs fn on a mailbox of a store.
func (a *app) withMailbox(ctx context.Context, location, name string, o storeOptions, fn func(*stores.Store, mailstore.Mailbox) error) error {
	return a.withStore(ctx, location, o, func(s *stores.Store) (err error) {
		box, err := openMailbox(ctx, s, name, o.create)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, box.Close()) }()
		return fn(s, box)
	})
}

func openMailbox(ctx context.Context, s *stores.Store, name string, create bool) (mailstore.Mailbox, error) {
	open := s.Open
	if create {
		open = s.OpenOrCreate
	}
	box, err := open(ctx, name)
	return box, nameError(err)
}

// messagesFunc works on messages of a mailbox.
type messagesFunc func(s *stores.Store, box mailstore.Mailbox, uids []uint32) error

// withMessages runs fn on messages of a mailbox. An empty set means all.
func (a *app) withMessages(ctx context.Context, location, name, uids string, o storeOptions, fn messagesFunc) error {
	if uids == "" {
		uids = "1:"
	}
	set, err := parseUIDs(uids)
	if err != nil {
		return err
	}
	return a.withMailbox(ctx, location, name, o, func(s *stores.Store, box mailstore.Mailbox) error {
		found, err := set.in(ctx, box)
		if err != nil {
			return err
		}
		return fn(s, box, found)
	})
}
