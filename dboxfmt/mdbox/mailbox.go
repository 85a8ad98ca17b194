package mdbox

import (
	"context"
	"errors"
	"io/fs"
	"sync/atomic"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// mailbox is a mailbox that somebody has opened.
type mailbox struct {
	store *Store
	name  string
	index *boxIndex
	seen  seen

	closed atomic.Bool
}

var _ mailstore.Mailbox = (*mailbox)(nil)

// Open implements mailstore.Store.
func (s *Store) Open(ctx context.Context, name string) (mailstore.Mailbox, error) {
	name, err := mailstore.CleanName(name)
	if err != nil {
		return nil, err
	}
	return s.openBox(ctx, name)
}

func (s *Store) openBox(ctx context.Context, name string) (*mailbox, error) {
	there, err := s.tree.Exists(ctx, name)
	if err == nil && !there && name == mailstore.Inbox {
		err = s.Create(ctx, name)
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		there = true
	}
	if err == nil && !there {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, boxError(name, err)
	}
	b, err := s.tryBox(ctx, name)
	if errors.Is(err, mailstore.ErrDeleted) {
		// Another process has deleted it since somebody here opened it, and made
		// it again.
		s.boxes.forget(name)
		b, err = s.tryBox(ctx, name)
	}
	return b, err
}

func (s *Store) tryBox(ctx context.Context, name string) (*mailbox, error) {
	index, err := s.acquire(ctx, name)
	if err != nil {
		return nil, err
	}
	b := &mailbox{store: s, name: name, index: index}
	if err := b.check(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// check makes sure that the index is one of this store. A mailbox that is only a
// directory yet gets its index.
func (b *mailbox) check(ctx context.Context) error {
	v, err := b.view(ctx)
	if err != nil {
		return err
	}
	if _, ok := v.header(); !ok || v.UIDValidity() == 0 {
		if err := b.store.begin(ctx, b.index); err != nil {
			return boxError(b.name, err)
		}
		if v, err = b.view(ctx); err != nil {
			return err
		}
	}
	m, err := b.store.mapNow(ctx)
	if err != nil {
		return err
	}
	return boxError(b.name, v.belongs(b.index, m))
}

// view returns the index as it is now.
func (b *mailbox) view(ctx context.Context) (boxView, error) {
	if err := b.index.Refresh(ctx); err != nil {
		return boxView{}, boxError(b.name, err)
	}
	view, err := b.index.View(ctx)
	if err != nil {
		return boxView{}, boxError(b.name, err)
	}
	v := newBoxView(view)
	return v, boxError(b.name, v.same(b.index))
}

func (b *mailbox) Name() string { return b.name }

func (b *mailbox) Status(ctx context.Context) (mailstore.Status, error) {
	v, err := b.view(ctx)
	if err != nil {
		return mailstore.Status{}, err
	}
	b.seen.note(v.View)
	status, err := mailstore.NewStatus(ctx, v.View)
	h, _ := v.header()
	status.GUID = h.guid
	return status, boxError(b.name, err)
}

func (b *mailbox) Entries(ctx context.Context) (mailstore.Entries, error) {
	v, err := b.view(ctx)
	if err != nil {
		return mailstore.Entries{}, err
	}
	b.seen.note(v.View)
	return mailstore.Entries{View: v.View}, nil
}

func (b *mailbox) Begin() mailstore.Transaction { return &transaction{box: b} }

// SetFlags takes the lock of the mailbox only: the map has no flags.
func (b *mailbox) SetFlags(ctx context.Context, uids []uint32, c mailstore.FlagChange) error {
	if err := mailstore.CheckKeywords(c.AddKeywords, c.RemoveKeywords); err != nil {
		return boxError(b.name, err)
	}
	if len(uids) == 0 {
		return nil
	}
	return boxError(b.name, b.change(ctx, func(t *mailindex.Transaction) { c.Apply(t, uids) }))
}

// change writes a transaction that does not concern the map.
func (b *mailbox) change(ctx context.Context, fill func(*mailindex.Transaction)) error {
	locked, err := b.index.Lock(ctx)
	if err != nil {
		return err
	}
	view, err := locked.View(ctx)
	if err == nil {
		err = newBoxView(view).same(b.index)
	}
	if err == nil {
		var t mailindex.Transaction
		fill(&t)
		err = locked.Append(ctx, &t)
	}
	return errors.Join(err, b.store.unlock(ctx, locked))
}

// Close implements mailstore.Mailbox. A second Close returns fsapi.ErrClosed.
func (b *mailbox) Close() error {
	if b.closed.Swap(true) {
		return fsapi.ErrClosed
	}
	return b.store.boxes.release(b.index)
}
