package sdbox

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Options say where a store is and how it is used. FS and Root are needed.
type Options struct {
	FS   *fsapi.FS
	Root string // made when it is not there
	// Alt is the root of the alternate storage; "": where the symbolic link
	// ROOT/dbox-alt-root leads to, which Dovecot makes.
	Alt string
	// Attachments is the directory of attachments that Dovecot has taken out of
	// messages (its mail_attachment_dir); "": messages with such are an
	// mailstore.ErrIncomplete.
	Attachments string
	// Version of the message files that are written; 0 means 3. With 2 the
	// store is one that Dovecot can share. Files of all versions are read.
	Version int
	// LockTimeout is how long to wait for a lock; 0 means
	// mailindex.DefaultLockTimeout.
	LockTimeout time.Duration
	// Limits say when indexes are written anew; the zero value is Dovecot's.
	Limits mailindex.Limits
	// PollInterval is the longest time until Mailbox.Wait sees a change of
	// another process; 0 means one second.
	PollInterval time.Duration
	Logger       *slog.Logger     // for upkeep that failed; nil means slog.Default()
	Now          func() time.Time // nil means time.Now
}

func (o *Options) setDefaults() {
	if o.Version == 0 {
		o.Version = 3
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = mailindex.DefaultLockTimeout
	}
	if o.PollInterval == 0 {
		o.PollInterval = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Store is a single-dbox store. It implements [mailstore.Store].
type Store struct {
	opts     Options
	fsys     *fsapi.FS
	tree     *mailstore.Tree
	messages mailstore.Messages

	mu     sync.Mutex
	boxes  map[string]*box // that are open
	closed bool
}

var _ mailstore.Store = (*Store)(nil)

// Open opens a store, and makes its directory if it is not there.
func Open(ctx context.Context, o Options) (*Store, error) {
	o.setDefaults()
	if o.Version != 2 && o.Version != 3 {
		return nil, errors.New("sdbox: Version must be 2 or 3")
	}
	tree := mailstore.NewTree(mailstore.TreeOptions{FS: o.FS, Root: o.Root, Alt: o.Alt, LockTimeout: o.LockTimeout, Now: o.Now})
	if err := tree.MakeDir(ctx, o.Root); err != nil {
		return nil, err
	}
	return &Store{
		opts: o, fsys: o.FS, tree: tree, boxes: map[string]*box{},
		messages: mailstore.Messages{FS: o.FS, Version: o.Version, Now: o.Now},
	}, nil
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

// Create implements mailstore.Store. The directory is made first; whoever opens
// it gives it an index, so nothing that a crash leaves is in the way.
func (s *Store) Create(ctx context.Context, name string) error {
	name, err := mailstore.CleanName(name)
	if err != nil {
		return err
	}
	if err := s.tree.Make(ctx, name); err != nil {
		return wrap(name, 0, err)
	}
	b, err := s.use(ctx, name)
	if err != nil {
		return err
	}
	return s.release(b)
}

// Open implements mailstore.Store.
func (s *Store) Open(ctx context.Context, name string) (mailstore.Mailbox, error) {
	name, err := mailstore.CleanName(name)
	if err != nil {
		return nil, err
	}
	if name == mailstore.Inbox {
		if err := s.makeInbox(ctx); err != nil {
			return nil, err
		}
	}
	b, err := s.use(ctx, name)
	if err != nil {
		return nil, err
	}
	return newMailbox(b), nil
}

func (s *Store) makeInbox(ctx context.Context) error {
	there, err := s.tree.Exists(ctx, mailstore.Inbox)
	if err != nil {
		return wrap(mailstore.Inbox, 0, err)
	}
	if there {
		return nil
	}
	if err := s.Create(ctx, mailstore.Inbox); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // somebody else was faster
}

// Delete implements mailstore.Store. The index is marked first, so that whoever
// has the mailbox open, in any process, saves nothing to it any more.
func (s *Store) Delete(ctx context.Context, name string) error {
	name, err := mailstore.CleanName(name)
	if err == nil && name == mailstore.Inbox {
		err = mailstore.ErrName
	}
	if err != nil {
		return wrap(name, 0, err)
	}
	return wrap(name, 0, s.tree.Locked(ctx, func() error {
		if err := s.mustExist(ctx, name); err != nil {
			return err
		}
		if err := s.markDeleted(ctx, name); err != nil {
			return err
		}
		return s.tree.Discard(ctx, name)
	}))
}

func (s *Store) mustExist(ctx context.Context, name string) error {
	there, err := s.tree.Exists(ctx, name)
	if err == nil && !there {
		err = fs.ErrNotExist
	}
	return err
}

// Rename implements mailstore.Store. Handles of what has been renamed are of no
// use any more.
func (s *Store) Rename(ctx context.Context, from, to string) error {
	from, err := mailstore.CleanName(from)
	if err != nil {
		return err
	}
	if to, err = mailstore.CleanName(to); err != nil {
		return err
	}
	return s.tree.Locked(ctx, func() error { return s.tree.Rename(ctx, from, to) })
}

// Purge implements mailstore.Store. An expunge removes the file, so there is
// nothing to do.
func (s *Store) Purge(context.Context) (mailstore.PurgeReport, error) {
	return mailstore.PurgeReport{}, nil
}

// Close implements mailstore.Store. What is done with mailboxes that are open
// fails from then on.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fsapi.ErrClosed
	}
	s.closed = true
	var err error
	for _, b := range s.boxes {
		select {
		case <-b.loaded:
			err = errors.Join(err, b.shut())
		default: // closed by who loads it
		}
	}
	return err
}
