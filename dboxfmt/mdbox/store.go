package mdbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Store is the multi-dbox store of one user. It may be used from any number of
// goroutines, and other processes, Dovecot's included, may use the same store.
type Store struct {
	opts     Options
	layout   layout
	tree     *mailstore.Tree
	messages mailstore.Messages
	index    *mailindex.Index // of the map
	boxes    boxes
	outlets  outlets
	where    whereabouts
	queue    commitQueue
	marked   mailindex.LogPosition // what reconcile has left undone; under the lock of the map
}

var _ mailstore.Store = (*Store)(nil)

// Open opens a store, or begins one. A store whose map is damaged or lost is
// opened too: Rebuild is then what can be done with it.
func Open(ctx context.Context, o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Store{opts: o, layout: newLayout(o.Root, o.Alt)}
	s.tree = mailstore.NewTree(mailstore.TreeOptions{
		FS: o.FS, Root: o.Root, Alt: o.Alt, LockTimeout: o.LockTimeout, Now: o.Now,
	})
	s.messages = mailstore.Messages{FS: o.FS, Version: o.Version, Dir: s.layout.storage, Now: o.Now}
	if err := s.tree.MakeDir(ctx, s.layout.storage); err != nil {
		return nil, fmt.Errorf("mdbox: %w", err)
	}
	s.index, err = mailindex.Open(ctx, o.FS, s.layout.storage, mapIndex, s.indexOptions())
	if err != nil && !errors.Is(err, mailindex.ErrCorrupt) {
		return nil, fmt.Errorf("mdbox: map: %w", err)
	}
	return s, nil
}

func (s *Store) indexOptions() mailindex.Options {
	return mailindex.Options{
		Create: true, LockTimeout: s.opts.LockTimeout, Limits: s.opts.Limits, Logger: s.opts.Logger, Now: s.opts.Now,
	}
}

// Close gives the store back; mailboxes that are open stay usable no more.
func (s *Store) Close() error {
	return errors.Join(s.boxes.close(), s.index.Close())
}

// Mailboxes implements mailstore.Store.
func (s *Store) Mailboxes(ctx context.Context) ([]mailstore.MailboxInfo, error) {
	return s.tree.List(ctx)
}

// Subscriptions implements mailstore.Store.
func (s *Store) Subscriptions(ctx context.Context) ([]string, error) {
	return s.tree.Subscriptions(ctx)
}

// Subscribe implements mailstore.Store.
func (s *Store) Subscribe(ctx context.Context, name string, on bool) error {
	return s.tree.Subscribe(ctx, name, on)
}
