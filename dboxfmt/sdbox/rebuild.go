package sdbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Rebuild implements mailstore.Store. Mailboxes are rebuilt one after the other;
// what is wrong with one does not keep the others from it. Each is locked for
// the time.
//
// An index that can be read is believed: messages whose files are gone leave it,
// files above UIDNEXT come into it, and files below UIDNEXT that it does not have
// are of expunged messages and are removed. One that is damaged or lost is begun
// anew from the files, with the flags and keywords that can still be found.
func (s *Store) Rebuild(ctx context.Context) (*mailstore.RebuildReport, error) {
	r := &rebuild{Store: s, report: &mailstore.RebuildReport{}}
	list, err := s.tree.List(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, info := range list {
		if info.Selectable {
			names = append(names, info.Name)
		}
	}
	strays, err := r.strays(ctx, names)
	if err != nil {
		return nil, err
	}
	names = append(names, strays...)
	slices.Sort(names)
	for _, name := range names {
		if e := r.mailbox(ctx, name); e != nil {
			err = errors.Join(err, wrap(name, 0, e))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return r.report, err
}

// rebuild is one call of Rebuild.
type rebuild struct {
	*Store
	report *mailstore.RebuildReport
}

func (r *rebuild) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// mailbox rebuilds one mailbox.
func (r *rebuild) mailbox(ctx context.Context, name string) error {
	b := r.newBox(name)
	x, err := mailindex.Open(ctx, r.fsys, b.dir, "dovecot.index", r.indexOptions())
	if errors.Is(err, mailindex.ErrGone) {
		return r.finishDelete(ctx, name)
	}
	if x == nil {
		return err
	}
	defer x.Close()
	b.index = x
	r.report.Mailboxes++
	validity, err := r.validity(ctx, b)
	if err != nil {
		return err
	}
	box := &rebuiltBox{rebuild: r, box: b, validity: validity}
	l, err := x.Lock(ctx)
	if errors.Is(err, mailindex.ErrCorrupt) {
		r.note("mailbox %q: %v", name, err)
		box.damaged = true
		l, err = x.LockDamaged(ctx)
	}
	if err != nil {
		return err
	}
	defer l.Unlock()
	return box.run(ctx, l)
}

// validity returns a UIDVALIDITY for the case that the index has lost its own.
func (r *rebuild) validity(ctx context.Context, b *box) (uint32, error) {
	v, err := b.index.View(ctx)
	if err != nil {
		return 0, err
	}
	s, err := mailstore.ReadSalvage(ctx, r.fsys, b.dir, "dovecot.index", dboxHeader.Name, v)
	if err != nil || s.UIDValidity != 0 {
		return 0, err
	}
	return r.tree.NextUIDValidity(ctx)
}

// finishDelete goes on with a deletion that did not come to its end.
func (r *rebuild) finishDelete(ctx context.Context, name string) error {
	r.note("mailbox %q: its deletion had begun and is finished", name)
	return r.tree.Locked(ctx, func() error { return r.tree.Discard(ctx, name) })
}

// strays finds the directories of the alternate storage that have no mailbox. A
// rename that died half way has left them: they follow their mailbox, if it can
// be told by the messages that it misses. Otherwise they become a mailbox: its
// name is returned.
func (r *rebuild) strays(ctx context.Context, names []string) (strays []string, err error) {
	alts, err := r.tree.AltList(ctx)
	if err != nil {
		return nil, err
	}
	for _, alt := range alts {
		if slices.Contains(names, alt) {
			continue
		}
		stray := r.newBox(alt)
		uids, err := stray.list(ctx, stray.alt)
		if err != nil {
			return nil, err
		}
		if len(uids) == 0 {
			continue
		}
		owner, err := r.owner(ctx, names, uids)
		switch {
		case err != nil:
			return nil, err
		case owner != "":
			err = r.tree.MoveAlt(ctx, alt, owner)
			r.note("mailbox %q: its part in the alternate storage was still called %q", owner, alt)
		default:
			err = r.tree.MakeDir(ctx, stray.dir)
			strays = append(strays, alt)
			r.note("mailbox %q: only its part in the alternate storage is left", alt)
		}
		if err != nil {
			return nil, err
		}
	}
	return strays, nil
}

// owner returns the one mailbox that misses messages in the alternate storage,
// has nothing there, and whose messages those UIDs are.
func (r *rebuild) owner(ctx context.Context, names []string, uids []uint32) (owner string, err error) {
	for _, name := range names {
		b := r.newBox(name)
		there, err := b.list(ctx, b.alt)
		if err != nil {
			return "", err
		}
		if len(there) > 0 {
			continue
		}
		missing, err := b.marked(ctx)
		if err != nil {
			return "", err
		}
		slices.Sort(uids)
		if len(missing) == 0 || !slices.Equal(missing, uids) {
			continue
		}
		if owner != "" {
			return "", nil // more than one
		}
		owner = name
	}
	return owner, nil
}

// marked returns the UIDs that the index says are in the alternate storage.
func (b *box) marked(ctx context.Context) (uids []uint32, err error) {
	x, err := mailindex.Open(ctx, b.store.fsys, b.dir, "dovecot.index", mailindex.Options{ReadOnly: true, Logger: b.store.opts.Logger})
	if x == nil {
		return nil, nil // nothing is known
	}
	defer x.Close()
	v, err := x.View(ctx)
	if err != nil {
		return nil, err
	}
	for m, err := range v.All(ctx, 1, v.Count()) {
		if err != nil {
			return nil, nil // damaged
		}
		if m.Flags&mailindex.Backend != 0 {
			uids = append(uids, m.UID)
		}
	}
	return uids, nil
}
