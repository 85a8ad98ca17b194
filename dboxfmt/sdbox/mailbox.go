package sdbox

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// mailbox implements mailstore.Mailbox: one handle of a box.
type mailbox struct {
	box *box

	mu     sync.Mutex
	closed bool
	seen   *mailindex.View // what the caller has been told last
}

var _ mailstore.Mailbox = (*mailbox)(nil)

func newMailbox(b *box) *mailbox { return &mailbox{box: b} }

// Name implements mailstore.Mailbox.
func (m *mailbox) Name() string { return m.box.name }

// Close implements mailstore.Mailbox.
func (m *mailbox) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fsapi.ErrClosed
	}
	m.closed = true
	return m.box.store.release(m.box)
}

// look returns what the index says now and remembers that it was looked at.
func (m *mailbox) look(ctx context.Context) (mailstore.Entries, error) {
	entries, err := m.box.refresh(ctx)
	if err != nil {
		return entries, m.box.wrap(0, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = entries.View
	return entries, nil
}

// Status implements mailstore.Mailbox.
func (m *mailbox) Status(ctx context.Context) (mailstore.Status, error) {
	entries, err := m.look(ctx)
	if err != nil {
		return mailstore.Status{}, err
	}
	status, err := mailstore.NewStatus(ctx, entries.View)
	status.GUID = guidOf(entries.View)
	return status, m.box.wrap(0, err)
}

// Entries implements mailstore.Mailbox.
func (m *mailbox) Entries(ctx context.Context) (mailstore.Entries, error) { return m.look(ctx) }

// Begin implements mailstore.Mailbox.
func (m *mailbox) Begin() mailstore.Transaction { return &transaction{box: m.box} }

// SetFlags implements mailstore.Mailbox.
func (m *mailbox) SetFlags(ctx context.Context, uids []uint32, c mailstore.FlagChange) error {
	if err := mailstore.CheckKeywords(c.AddKeywords, c.RemoveKeywords); err != nil {
		return m.box.wrap(0, err)
	}
	tx := &mailindex.Transaction{}
	c.Apply(tx, uids)
	return m.box.wrap(0, m.box.change(ctx, tx))
}

// change writes a transaction of the index.
func (b *box) change(ctx context.Context, tx *mailindex.Transaction) error {
	l, _, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer b.unlock(context.WithoutCancel(ctx), l)
	if err := l.Append(ctx, tx); err != nil {
		return uncertain(err)
	}
	b.notify()
	return nil
}

// Wait implements mailstore.Mailbox. Changes of this Store wake it at once;
// those of others are found by looking at the log, more and more seldom.
func (m *mailbox) Wait(ctx context.Context) error {
	m.mu.Lock()
	seen := m.seen
	m.mu.Unlock()
	for wait := time.Millisecond; ; wait = min(2*wait, m.box.store.opts.PollInterval) {
		changed := m.box.nextChange()
		entries, err := m.box.refresh(ctx)
		if err != nil {
			return m.box.wrap(0, err)
		}
		if seen == nil {
			seen = entries.View
		}
		if differs(seen, entries.View) {
			return nil
		}
		pause, cancel := context.WithTimeout(ctx, wait)
		select {
		case <-changed:
		case <-pause.Done():
		}
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// differs reports whether something has been written to the log between two
// views of an index.
func differs(a, b *mailindex.View) bool {
	was, _ := a.Log()
	is, _ := b.Log()
	return a != b && was != is
}

// Move implements mailstore.Mailbox. What gets one of the UIDs only after the
// messages have been looked for is not moved: it is not expunged either.
func (m *mailbox) Move(ctx context.Context, uids []uint32, to mailstore.Mailbox) ([]uint32, error) {
	entries, err := m.box.refresh(ctx)
	if err != nil {
		return nil, m.box.wrap(0, err)
	}
	next := entries.View.NextUID()
	uids = slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool { return uid >= next })
	copied, err := m.Copy(ctx, uids, to)
	if err != nil {
		return nil, err
	}
	if err := m.Expunge(ctx, uids); err != nil {
		return nil, errors.Join(mailstore.ErrUncertain, err)
	}
	return copied, nil
}
