package mdbox

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

var _ mailstore.Successor = (*mailbox)(nil)

// SetUIDValidity implements mailstore.Successor.
func (b *mailbox) SetUIDValidity(ctx context.Context, validity uint32) error {
	locked, err := b.index.Lock(ctx)
	if err != nil {
		return boxError(b.name, err)
	}
	view, err := locked.View(ctx)
	if err == nil {
		err = newBoxView(view).same(b.index)
	}
	if err == nil && (view.NextUID() > 1 || validity == 0) {
		err = fmt.Errorf("%w: UIDVALIDITY %d cannot be taken over, UIDNEXT is %d", mailstore.ErrUID, validity, view.NextUID())
	}
	if err == nil {
		var t mailindex.Transaction
		t.SetUIDValidity(validity)
		err = locked.Append(ctx, &t)
	}
	return boxError(b.name, errors.Join(err, b.store.unlock(ctx, locked)))
}

// RaiseUIDNext implements mailstore.Successor.
func (b *mailbox) RaiseUIDNext(ctx context.Context, next uint32) error {
	if next == 0 || next == math.MaxUint32 {
		return boxError(b.name, fmt.Errorf("%w: UIDNEXT %d", mailstore.ErrUID, next))
	}
	return boxError(b.name, b.change(ctx, func(t *mailindex.Transaction) { t.SetNextUID(next) }))
}
