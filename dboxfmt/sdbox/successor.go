package sdbox

import (
	"context"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

var _ mailstore.Successor = (*mailbox)(nil)

// SetUIDValidity implements mailstore.Successor.
func (m *mailbox) SetUIDValidity(ctx context.Context, validity uint32) error {
	return m.box.wrap(0, m.box.setUIDValidity(ctx, validity))
}

func (b *box) setUIDValidity(ctx context.Context, validity uint32) error {
	l, v, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer b.unlock(context.WithoutCancel(ctx), l)
	if v.NextUID() > 1 || validity == 0 {
		return fmt.Errorf("%w: UIDVALIDITY %d cannot be taken over, UIDNEXT is %d", mailstore.ErrUID, validity, v.NextUID())
	}
	tx := &mailindex.Transaction{}
	tx.SetUIDValidity(validity)
	if err := l.Append(ctx, tx); err != nil {
		return uncertain(err)
	}
	b.notify()
	return nil
}

// RaiseUIDNext implements mailstore.Successor.
func (m *mailbox) RaiseUIDNext(ctx context.Context, next uint32) error {
	if next == 0 || next > lastUID+1 {
		return m.box.wrap(0, fmt.Errorf("%w: UIDNEXT %d", mailstore.ErrUID, next))
	}
	tx := &mailindex.Transaction{}
	tx.SetNextUID(next) // which is never lowered
	return m.box.wrap(0, m.box.change(ctx, tx))
}
