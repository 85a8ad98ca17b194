package stores

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/mdbox"
	"github.com/ringbox/ringbox/dboxfmt/sdbox"
	"github.com/ringbox/ringbox/fsapi"
)

// Options are the choices of [Open].
type Options struct {
	FS      *fsapi.FS
	Version int  // of message files that are written; 0: what [Version] says
	Create  bool // a store that does not exist is made, if its kind is said
	// Attachments is Dovecot's mail_attachment_dir; "": not known.
	Attachments string
	Logger      *slog.Logger // for upkeep that failed
}

// Store is an open store that knows where it is.
type Store struct {
	mailstore.Store
	Location    Location
	FS          *fsapi.FS
	attachments string
}

// Open opens a store.
func Open(ctx context.Context, l Location, o Options) (*Store, error) {
	l, err := l.Find(ctx, o.FS, o.Create)
	if err != nil {
		return nil, err
	}
	if o.Version == 0 {
		if o.Version, err = Version(ctx, o.FS, l); err != nil {
			return nil, err
		}
	}
	s := &Store{Location: l, FS: o.FS, attachments: o.Attachments}
	if l.Kind == Single {
		s.Store, err = sdbox.Open(ctx, sdbox.Options{
			FS: o.FS, Root: l.Root, Alt: l.Alt, Version: o.Version, Attachments: o.Attachments, Logger: o.Logger,
		})
	} else {
		s.Store, err = mdbox.Open(ctx, mdbox.Options{
			FS: o.FS, Root: l.Root, Alt: l.Alt, Version: o.Version, Logger: o.Logger,
		})
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// FindAttachments makes a message of the store complete that has attachments in
// files of their own.
func (s *Store) FindAttachments(m *mailstore.Mail) {
	if s.Location.Kind == Multi && s.attachments != "" { // an sdbox has done it
		m.FindAttachments(s.FS, func(ref string) string {
			return filepath.Join(s.attachments, filepath.Join("/", ref))
		})
	}
}

// Selectable returns the names of the mailboxes that can be opened.
func (s *Store) Selectable(ctx context.Context) ([]mailstore.MailboxInfo, error) {
	all, err := s.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	var boxes []mailstore.MailboxInfo
	for _, info := range all {
		if info.Selectable {
			boxes = append(boxes, info)
		}
	}
	return boxes, nil
}

// OpenOrCreate opens a mailbox and makes it if it is not there.
func (s *Store) OpenOrCreate(ctx context.Context, name string) (mailstore.Mailbox, error) {
	box, err := s.Open(ctx, name)
	if missingIsNil(err) != nil || err == nil {
		return box, err
	}
	if err := s.Create(ctx, name); err != nil {
		return nil, err
	}
	return s.Open(ctx, name)
}
