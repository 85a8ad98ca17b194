package sdbox

import (
	"context"
	"errors"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// markDeleted says in the index of a mailbox that it is deleted. An index that
// cannot be read is in nobody's way.
func (s *Store) markDeleted(ctx context.Context, name string) error {
	x, err := mailindex.Open(ctx, s.fsys, s.tree.Dir(name), "dovecot.index", s.indexOptions())
	if x == nil {
		return err
	}
	defer x.Close()
	if err == nil {
		var l *mailindex.Locked
		if l, err = x.Lock(ctx); err == nil {
			defer l.Unlock()
			tx := &mailindex.Transaction{}
			tx.MarkDeleted()
			err = l.Append(ctx, tx)
		}
	}
	if errors.Is(err, mailindex.ErrCorrupt) || errors.Is(err, mailindex.ErrGone) {
		return nil
	}
	return err
}
