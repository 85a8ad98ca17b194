package mailindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
)

// Rotation, under the lock of the old log:
//
//	1  if the main index needs a log before the old one: write it
//	2  create .log.newlock, with the place where the old log ends; lock it
//	3  link .log to .log.2, instead of the one before; sync the directory
//	4  rename .log.newlock to .log; sync the directory
//	5  write the main index, so that .log.2 is not needed
//
// A crash after any of them leaves a chain without a gap: before 4, the old log
// with a main index from it or before; after 4, .log.2 and .log.

// Rotate begins a new log. It does nothing while the index has changes that are
// not done in storage: their place would be lost.
func (l *Locked) Rotate(ctx context.Context) error {
	if err := l.usable(); err != nil {
		return err
	}
	if head, tail := l.x.places(); head != tail {
		return nil
	}
	if err := l.rotate(ctx); err != nil {
		return err
	}
	return l.Rewrite(ctx)
}

// mend rotates a log whose end is not where the index is: a writer that has died
// has left something incomplete, or a crash has lost what the main index has.
// Nobody would read what came after it.
func (l *Locked) mend(ctx context.Context) error {
	info, err := l.w.file.Stat(ctx)
	if err != nil {
		return err
	}
	if head, _ := l.x.places(); info.Size() == head.offset {
		return nil
	}
	return l.rotate(ctx)
}

// places returns where the index is, and up to where it is done in storage.
func (x *Index) places() (head, tail place) {
	<-x.busy
	defer x.leave()
	head = place{x.st.seq, x.st.offset}
	tail = head
	if x.st.undone >= 0 {
		tail.offset = x.st.undone
	}
	return head, tail
}

func (l *Locked) rotate(ctx context.Context) error {
	x := l.x
	header, err := x.nextLog(ctx)
	if err != nil {
		return err
	}
	main, err := x.mainPlace(ctx)
	if err != nil {
		return err
	}
	if main.seq != header.PrevSeq && !x.complete() {
		if err := l.Rewrite(ctx); err != nil {
			return err
		}
	}
	w, err := x.createNext(ctx, x.carryOver(AppendLogHeader(nil, header)))
	if err != nil {
		return err
	}
	if err := x.keepLog(ctx); err != nil {
		return errors.Join(err, x.abandon(w))
	}
	return l.replace(ctx, w, nil)
}

// carryOver appends to a new log what storage has still to do, so that it is told
// there as well.
func (x *Index) carryOver(dst []byte) []byte {
	<-x.busy
	defer x.leave()
	switch st := x.st; {
	case st.undone < 0:
	case len(st.requests) == 0: // something, which a record that changes nothing says
		dst = AppendHeaderUpdate(dst, false, offsetDayStamp, le32(nil, st.head.DayStamp))
	default:
		for _, q := range st.requests {
			if q.guid == ([16]byte{}) {
				dst = AppendExpunge(dst, false, []UIDRange{{q.uids.first, q.uids.last}})
			} else {
				dst = AppendExpungeGUID(dst, false, []Expunge{{q.uids.first, q.guid}})
			}
		}
	}
	return dst
}

// replace gives w the name of the log, in the place of the one that l has locked,
// and goes on there: with a state, if that is not the one that x has.
func (l *Locked) replace(ctx context.Context, w *writer, st *state) error {
	x := l.x
	if err := x.nameLog(ctx, w); err != nil {
		l.broken = err
		x.distrust(err)
		return errors.Join(err, w.close())
	}
	old := l.w
	l.w = w
	err := old.close()
	<-x.busy
	defer x.leave()
	if st == nil {
		err = errors.Join(err, x.refresh(ctx))
	} else {
		x.gone = false
		err = errors.Join(err, x.reload(ctx))
	}
	if err != nil {
		// What x has is of the log before: rotating again from there would drop
		// that. The next Lock reads what there is.
		l.broken = err
	}
	return err
}

// complete reports whether the log begins with the index, so that no main index
// is needed.
func (x *Index) complete() bool {
	<-x.busy
	defer x.leave()
	return x.log != nil && x.log.header.PrevSeq == 0
}

// nextLog returns the header of the log after this one.
func (x *Index) nextLog(ctx context.Context) (LogHeader, error) {
	if err := x.enter(ctx); err != nil {
		return LogHeader{}, err
	}
	defer x.leave()
	st := x.st
	if st.seq == math.MaxUint32 || st.offset > math.MaxUint32 {
		return LogHeader{}, fmt.Errorf("%s: %w: log %d has %d bytes", x.files.log, ErrCorrupt, st.seq, st.offset)
	}
	modSeq := max(x.log.header.ModSeq, 1)
	_, err := x.log.walk(ctx, int64(x.log.header.Size), st.offset, func(r Record, _ int64) error {
		modSeq = r.modSeq(modSeq)
		return nil
	})
	if err != nil {
		return LogHeader{}, err
	}
	return LogHeader{
		IndexID: st.head.IndexID, Seq: st.seq + 1, PrevSeq: st.seq, PrevOffset: uint32(st.offset),
		Created: uint32(x.opts.Now().Unix()), ModSeq: modSeq,
	}, nil
}

// keepLog gives the log its second name.
func (x *Index) keepLog(ctx context.Context) error {
	fsys := x.files.fs
	if err := fsys.Remove(ctx, x.files.log2); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := fsys.Link(ctx, x.files.log, x.files.log2); err != nil {
		return err
	}
	return fsys.SyncDir(ctx, x.files.dir)
}
