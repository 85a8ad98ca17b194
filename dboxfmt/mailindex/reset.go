package mailindex

import (
	"context"
	"errors"
	"io/fs"
)

// Reset begins the index anew, with nothing in it but what the transactions say:
// a store does that when it has rebuilt a mailbox from its message files. The
// old index stays until the new one is complete and durable. Open views stay
// what they are; everybody else finds the new index at the next refresh.
func (l *Locked) Reset(ctx context.Context, txs ...*Transaction) error {
	if l.done {
		return ErrUnlocked
	}
	x := l.x
	header, err := x.resetHeader(ctx)
	if err != nil {
		return err
	}
	st := newState(header.IndexID)
	defer st.close()
	st.begin(header)
	data, err := encodeAll(newEncoder(st), txs)
	if err == nil {
		err = st.applyNew(ctx, data)
	}
	if err != nil {
		return err
	}
	w, err := x.createNext(ctx, append(AppendLogHeader(nil, header), data...))
	if err != nil {
		return err
	}
	if err := x.clearLog2(ctx); err != nil {
		return errors.Join(err, x.abandon(w))
	}
	if err := l.replace(ctx, w, st); err != nil {
		return err
	}
	l.damaged, l.broken = false, nil
	return l.Rewrite(ctx)
}

// clearLog2 removes the second log, which does not belong to the new index.
func (x *Index) clearLog2(ctx context.Context) error {
	err := x.files.fs.Remove(ctx, x.files.log2)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// resetHeader returns the header of the log that an index begins anew in. Its
// sequence is above that of every file that is there: for those who follow an
// old log that is what tells the new one.
func (x *Index) resetHeader(ctx context.Context) (LogHeader, error) {
	h := LogHeader{Seq: 1, Created: uint32(x.opts.Now().Unix()), ModSeq: 1}
	for _, path := range []string{x.files.log, x.files.log2} {
		old, err := openLog(ctx, x.files.fs, path)
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, fs.ErrNotExist) {
			return h, err
		}
		if old != nil {
			modSeq := old.header.ModSeq
			// As far as it can be read: it is what is wrong, perhaps.
			_, _ = old.walk(ctx, int64(max(old.header.Size, LogHeaderSize)), -1, func(r Record, _ int64) error {
				modSeq = r.modSeq(modSeq)
				return nil
			})
			h.learn(old.header.IndexID, old.header.Seq, modSeq)
			old.close()
		}
	}
	if err := x.enter(ctx); err != nil {
		return h, err
	}
	defer x.leave()
	h.learn(x.st.head.IndexID, x.st.seq, x.st.modSeq)
	if h.IndexID == 0 {
		h.IndexID = max(h.Created, 1)
	}
	h.Seq, h.ModSeq = h.Seq+1, h.ModSeq+1
	return h, nil
}

func (h *LogHeader) learn(indexID, seq uint32, modSeq uint64) {
	h.Seq, h.ModSeq = max(h.Seq, seq), max(h.ModSeq, modSeq)
	if indexID != 0 {
		h.IndexID = indexID
	}
}
