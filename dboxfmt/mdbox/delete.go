package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Delete marks the index first: from then on the mailbox does not exist, and its
// messages are nobody's. Then the references are counted down, and the
// directory goes.
func (s *Store) Delete(ctx context.Context, name string) error {
	name, err := mailstore.CleanName(name)
	if err != nil {
		return err
	}
	if name == mailstore.Inbox {
		return fmt.Errorf("%w: INBOX cannot be deleted", mailstore.ErrName)
	}
	return boxError(name, s.tree.Locked(ctx, func() error {
		there, err := s.tree.Exists(ctx, name)
		if err == nil && !there {
			err = fs.ErrNotExist
		}
		if err == nil {
			err = s.giveUp(ctx, name)
		}
		if err == nil {
			err = s.tree.Discard(ctx, name)
		}
		return err
	}))
}

// giveUp takes away what a mailbox refers to. One that has been marked before is
// one whose deletion was interrupted: whether its references were counted down
// is not known, and what is too high does no harm.
func (s *Store) giveUp(ctx context.Context, name string) error {
	index, err := s.acquire(ctx, name)
	if errors.Is(err, mailindex.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.boxes.release(index)
	m, err := s.lockMap(ctx)
	if err != nil {
		return err
	}
	had, err := markDeleted(ctx, index)
	if err == nil {
		s.boxes.forget(name)
		err = m.unref(ctx, had)
	}
	return errors.Join(err, s.unlock(ctx, m.Locked))
}

// markDeleted returns the messages that the mailbox had.
func markDeleted(ctx context.Context, index *boxIndex) (had []boxMail, err error) {
	locked, err := index.Lock(ctx)
	if errors.Is(err, mailindex.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	view, err := locked.View(ctx)
	if err == nil {
		had, err = newBoxView(view).pick(ctx, nil)
	}
	if err == nil {
		var t mailindex.Transaction
		t.MarkDeleted()
		if err = locked.Append(ctx, &t); errors.Is(err, mailindex.ErrGone) {
			err = nil
		}
	}
	return had, errors.Join(err, locked.Unlock())
}

// Rename implements mailstore.Store.
func (s *Store) Rename(ctx context.Context, from, to string) error {
	from, err := mailstore.CleanName(from)
	if err != nil {
		return err
	}
	if to, err = mailstore.CleanName(to); err != nil {
		return err
	}
	defer s.boxes.forget(to)
	defer s.boxes.forget(from)
	return s.tree.Locked(ctx, func() error { return s.tree.Rename(ctx, from, to) })
}
