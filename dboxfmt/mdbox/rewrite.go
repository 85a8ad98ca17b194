package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// rewrite is the copies of what a file had that is alive.
type rewrite struct {
	store  *Store
	src    *compacted
	outs   []*outlet
	copies []copied
	bytes  int64
}

type copied struct {
	from mapped
	out  *outlet
	msg  *dboxfmt.Message
}

func (w *rewrite) copy(ctx context.Context, wantAlt func(mapped, bool) bool) error {
	for _, e := range w.src.live {
		out, err := w.outlet(ctx, wantAlt(e.mapped, w.src.alt))
		if err != nil {
			return err
		}
		msg, err := w.src.copyTo(out, e.msg)
		if err != nil {
			return err
		}
		w.copies = append(w.copies, copied{e.mapped, out, msg})
		w.bytes += msg.Length
	}
	return nil
}

func (w *rewrite) outlet(ctx context.Context, alt bool) (*outlet, error) {
	for _, out := range w.outs {
		if out.alt == alt && out.Size() < w.store.opts.RotateSize {
			return out, nil
		}
	}
	if alt {
		if err := w.store.tree.MakeDir(ctx, w.store.layout.alt); err != nil {
			return nil, err
		}
	}
	out, err := w.store.choose(ctx, alt)
	if err == nil {
		w.outs = append(w.outs, out)
	}
	return out, err
}

// enterMap points the map to the copies. false: the file stays what it is.
func (w *rewrite) enterMap(ctx context.Context) (done bool, err error) {
	ctx = context.WithoutCancel(ctx)
	m, err := w.store.lockMap(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, w.store.unlock(ctx, m.Locked)) }()
	var t mailindex.Transaction
	if err := w.store.enterOrphans(ctx, m, &t, w.outs); err != nil {
		return false, err
	}
	outdated, err := w.outdated(ctx, m)
	if err != nil {
		return false, err
	}
	if outdated {
		if err := w.disown(ctx, m, &t); err != nil {
			return false, err
		}
		return false, m.append(ctx, &t)
	}
	for _, out := range w.outs {
		out.calls.Context = ctx
	}
	if failed := w.store.nameAll(ctx, m, fresh(w.outs)); len(failed) > 0 {
		return false, failed[0].err
	}
	for _, c := range w.copies {
		at, err := placeOf(c.out.id, c.msg)
		if err != nil {
			return false, err
		}
		t.SetExt(placeExt, c.from.uid, at.bytes())
		w.store.where.found(c.out.id, c.out.alt)
	}
	for _, e := range w.src.dead {
		t.Expunge(mailindex.Expunge{UID: e.uid, GUID: e.guid})
	}
	return true, m.append(ctx, &t)
}

func fresh(outs []*outlet) (list []*outlet) {
	for _, out := range outs {
		if out.fresh {
			list = append(list, out)
		}
	}
	return list
}

// outdated reports whether the file may not go: a message is referred to again
// that was dead when the file was read, or the map has been rebuilt since.
func (w *rewrite) outdated(ctx context.Context, m *lockedMap) (bool, error) {
	if m.rebuilds() != w.src.rebuilds {
		return true, nil
	}
	for _, e := range w.src.dead {
		now, err := m.find(ctx, e.uid)
		if err != nil && !errors.Is(err, mailindex.ErrNoMessage) {
			return false, err
		}
		if now.refs > 0 {
			return true, nil
		}
	}
	return false, nil
}

// disown tells the map of copies, in files that have been there, as dead ones. A
// rebuild may have found them before: Dovecot's looks into files that are locked.
func (w *rewrite) disown(ctx context.Context, m *lockedMap, t *mailindex.Transaction) error {
	for _, out := range w.outs {
		var list []*dboxfmt.Message
		for _, c := range w.copies {
			if c.out == out && !out.fresh {
				list = append(list, c.msg)
			}
		}
		if err := m.enterUnknown(ctx, t, out.id, list); err != nil {
			return err
		}
	}
	return nil
}

func (w *rewrite) close(done bool) {
	for _, out := range w.outs {
		if done {
			out.release()
		} else {
			out.forget()
		}
	}
}

// copyTo appends a message to another file. The body is verified, so that no
// damage is hidden under a new checksum.
func (c *compacted) copyTo(out *outlet, msg *dboxfmt.Message) (*dboxfmt.Message, error) {
	w, err := out.Create(msg.BodySize)
	if err != nil {
		return nil, fmt.Errorf("mdbox: %w", err)
	}
	if _, err := io.Copy(w, c.src.Body(msg, true)); err != nil {
		return nil, c.damaged(msg.Offset, err)
	}
	copy, err := w.Finish(msg.Metadata.Clone())
	if err != nil {
		return nil, c.damaged(msg.Offset, err)
	}
	return copy, nil
}
