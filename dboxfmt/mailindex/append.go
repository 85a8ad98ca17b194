package mailindex

import (
	"context"
	"errors"
)

// Append writes transactions to the log, in one write and durably, and brings
// the index up to date. If it fails, nothing of them is in the index; only when
// the error is fsapi.ErrPoisoned a crash can bring them back. After a failure to
// write, the log can be appended to again after the next Lock.
//
// An ErrTransaction is about the transactions: nothing was written, and the
// holder can go on.
func (l *Locked) Append(ctx context.Context, txs ...*Transaction) error {
	if err := l.usable(); err != nil {
		return err
	}
	if err := l.mend(ctx); err != nil {
		return err
	}
	after, data, err := l.prepare(ctx, txs)
	if err != nil || len(data) == 0 {
		return err
	}
	if err := l.write(ctx, data); err != nil {
		after.close()
		for _, t := range txs {
			t.forget()
		}
		return err
	}
	l.x.adopt(after)
	return nil
}

// prepare encodes transactions and applies them to a copy of the state: what
// cannot be read must not be written.
func (l *Locked) prepare(ctx context.Context, txs []*Transaction) (after *state, data []byte, err error) {
	x := l.x
	if err := x.enter(ctx); err != nil {
		return nil, nil, err
	}
	defer x.leave()
	if x.damage != nil {
		return nil, nil, x.damage
	}
	data, err = encodeAll(newEncoder(x.st), txs)
	if err != nil || len(data) == 0 {
		return nil, nil, err
	}
	after = x.st.branch()
	if err = after.applyNew(ctx, data); err != nil {
		after.close()
		for _, t := range txs {
			t.forget()
		}
		return nil, nil, err
	}
	return after, data, nil
}

func encodeAll(e *encoder, txs []*Transaction) (data []byte, err error) {
	for _, t := range txs {
		if data, err = e.encode(data, t); err != nil {
			for _, t := range txs {
				t.forget()
			}
			return nil, err
		}
	}
	return data, nil
}

// forget takes the uids back that were given to new messages.
func (t *Transaction) forget() {
	for _, a := range t.added {
		a.uid = 0
	}
}

// applyNew applies records that are to be written.
func (s *state) applyNew(ctx context.Context, data []byte) error {
	n, _, err := walkSpans(data, s.offset, func(r Record, at int64) error { return s.apply(ctx, r, at) })
	switch {
	case errors.Is(err, ErrCorrupt):
		return &transactionError{err}
	case err != nil:
		return err
	case n != len(data):
		return &transactionError{corrupt(s.offset+int64(n), "it cannot be read back")}
	}
	s.offset += int64(n)
	return nil
}

// transactionError is an ErrTransaction with its cause, which would be an
// ErrCorrupt if it had been written.
type transactionError struct{ cause error }

func (e *transactionError) Error() string        { return ErrTransaction.Error() + ": " + e.cause.Error() }
func (e *transactionError) Is(target error) bool { return target == ErrTransaction }

// write appends to the log.
func (l *Locked) write(ctx context.Context, data []byte) error {
	err := l.w.append(ctx, data)
	if err != nil {
		l.broken = err
		l.x.distrust(err)
	}
	return err
}

// adopt makes a state that has been written that of the index, unless somebody
// has read it from the log meanwhile.
func (x *Index) adopt(after *state) {
	<-x.busy
	defer x.leave()
	if x.closed || x.st.seq != after.seq || x.st.offset >= after.offset {
		after.close()
		return
	}
	x.st.close()
	x.st, x.view = after, nil
}

// distrust notes that what was read of the log may have been taken back.
func (x *Index) distrust(err error) {
	<-x.busy
	defer x.leave()
	if !x.closed {
		_ = x.spoil(err) // it is the caller's to report
	}
}

// Done says that everything in the index is done in storage as well: the log's
// tail becomes its head. It is written durably.
func (l *Locked) Done(ctx context.Context) error {
	t := &Transaction{}
	t.Done()
	return l.Append(ctx, t)
}

// Commit locks the index, writes transactions as Locked.Append does, keeps the
// index short, and unlocks. When it returns nil, the transactions are durable;
// that upkeep has failed is only logged.
func (x *Index) Commit(ctx context.Context, txs ...*Transaction) error {
	l, err := x.Lock(ctx)
	if err != nil {
		return err
	}
	if err := l.Append(ctx, txs...); err != nil {
		return errors.Join(err, l.Unlock())
	}
	if err := l.Upkeep(ctx); err != nil {
		x.opts.Logger.Warn("mailindex: upkeep failed; the changes are written", "index", x.files.path, "error", err)
	}
	if err := l.Unlock(); err != nil {
		x.opts.Logger.Warn("mailindex: unlocking failed; the changes are written", "index", x.files.path, "error", err)
	}
	return nil
}
