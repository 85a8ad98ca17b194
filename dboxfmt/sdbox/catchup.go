package sdbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// catchUp does what somebody has put into the log and has not done in storage, as
// Dovecot's next sync would: expunges, and moves to the alternate storage and
// back. Then it says that all is done; a log that is not cannot be rotated.
func (b *box) catchUp(ctx context.Context, l *mailindex.Locked) error {
	v, err := l.View(ctx)
	if err != nil {
		return err
	}
	if head, tail := v.Log(); head == tail {
		return nil
	}
	gone, err := b.requestedExpunges(ctx, v)
	if err != nil {
		return err
	}
	toAlt, back, err := b.requestedMoves(ctx, v)
	tx := &mailindex.Transaction{}
	if err = errors.Join(err, b.copyRequested(ctx, toAlt, false), b.copyRequested(ctx, back, true)); err == nil {
		tx.Done()
	}
	if err := errors.Join(err, b.expungeWith(ctx, l, tx, gone)); err != nil {
		return err
	}
	return errors.Join(b.removeRequested(ctx, toAlt, false), b.removeRequested(ctx, back, true))
}

func (b *box) requestedExpunges(ctx context.Context, v *mailindex.View) ([]mailstore.Entry, error) {
	requested, err := v.Requested(ctx)
	if err != nil {
		return nil, err
	}
	uids := make([]uint32, len(requested))
	for i, e := range requested {
		uids[i] = e.UID
	}
	return present(ctx, mailstore.Entries{View: v}, uids)
}

func (b *box) copyRequested(ctx context.Context, uids []uint32, back bool) error {
	if len(uids) == 0 {
		return nil
	}
	return b.copyAll(ctx, uids, back)
}

func (b *box) removeRequested(ctx context.Context, uids []uint32, back bool) error {
	if len(uids) == 0 {
		return nil
	}
	return b.removeMoved(ctx, uids, back)
}

// flagsSize is the length of an element of a record of flags: u32 first and last
// UID, u8 flags to add, u8 flags to remove, 2 bytes unused.
const flagsSize = 12

// requestedMoves returns the messages whose place has changed in the index and
// not in storage. Views do not tell; it is in what the log has behind its tail.
// Those who are to be expunged as well may be among them.
func (b *box) requestedMoves(ctx context.Context, v *mailindex.View) (toAlt, back []uint32, err error) {
	log, err := b.undone(ctx, v)
	for err == nil && len(log) > 0 {
		r, n, _, bad := mailindex.DecodeRecord(log)
		if bad != nil || n == 0 {
			return nil, nil, errors.Join(fmt.Errorf("%w: log of mailbox %q", mailindex.ErrCorrupt, b.name), bad)
		}
		log = log[n:]
		if r.Kind != mailindex.KindFlags || r.External {
			continue
		}
		for p := r.Payload; len(p) >= flagsSize && err == nil; p = p[flagsSize:] {
			if mailindex.Flags(p[8]|p[9])&mailindex.Backend != 0 {
				first, last := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
				toAlt, back, err = places(ctx, v, first, last, toAlt, back)
			}
		}
	}
	return toAlt, back, err
}

// undone returns the records of the log that storage has still to follow.
func (b *box) undone(ctx context.Context, v *mailindex.View) ([]byte, error) {
	head, tail := v.Log()
	f := b.store.fsys.Open(filepath.Join(b.dir, "dovecot.index.log"), fsapi.ReadOnly)
	defer f.Close()
	log := make([]byte, head.Offset-tail.Offset)
	n, err := fsapi.NewReader(ctx, f).ReadAt(log, tail.Offset)
	if err == io.EOF && n == len(log) {
		err = nil
	}
	return log, err
}

// places adds the messages with UIDs from first to last to those that are to be
// in the alternate storage, or not.
func places(ctx context.Context, v *mailindex.View, first, last uint32, toAlt, back []uint32) (_, _ []uint32, err error) {
	seq, err := v.From(ctx, first)
	if err != nil {
		return nil, nil, err
	}
	for m, err := range v.All(ctx, seq, v.Count()) {
		if err != nil {
			return nil, nil, err
		}
		if m.UID > last {
			break
		}
		if m.Flags&mailindex.Backend != 0 {
			toAlt = append(toAlt, m.UID)
		} else {
			back = append(back, m.UID)
		}
	}
	return toAlt, back, nil
}
