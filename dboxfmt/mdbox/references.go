package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// references is what all mailboxes together refer to.
type references struct {
	refs   map[uint32]int    // by map uid
	marked map[uint32]int    // those of them that ask for the alternate storage
	guids  map[[16]byte]bool // of messages that the map does not have
}

// countReferences looks at all mailboxes. While the map is locked nobody changes
// a reference. A mailbox whose index is damaged is an ErrCorrupt, beside which
// the references of the others are returned.
func (s *Store) countReferences(ctx context.Context, m mapView) (r *references, err error) {
	var damaged []error
	begin := func() {
		r = &references{refs: map[uint32]int{}, marked: map[uint32]int{}, guids: map[[16]byte]bool{}}
		damaged = nil
	}
	err = s.survey(ctx, begin, func(name string, v boxView, err error) error {
		if err == nil {
			err = boxError(name, r.add(ctx, v, m))
		}
		switch {
		case errors.Is(err, mailstore.ErrCorrupt):
			damaged = append(damaged, err)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		return nil
	})
	return r, errors.Join(append(damaged, err)...)
}

func (r *references) add(ctx context.Context, v boxView, m mapView) error {
	for mail, err := range v.All(ctx, 1, v.Count()) {
		if err != nil {
			return err
		}
		rec := v.record(mail)
		r.refs[rec.mapUID]++
		if mail.Flags&mailindex.Backend != 0 {
			r.marked[rec.mapUID]++
		}
		if r.refs[rec.mapUID] > 1 {
			continue
		}
		if _, err := m.find(ctx, rec.mapUID); errors.Is(err, mailindex.ErrNoMessage) {
			r.guids[rec.guid] = true
		}
	}
	return nil
}

// reconcile puts right what a writer has left that died with the map half
// written: counts that are too low are raised to what the mailboxes say. One
// that is too high costs space only, and may be all that is left of a mailbox
// whose index is lost; it stays for Rebuild.
//
// Where the index of a mailbox is damaged the others can go on, but the map stays
// marked until Rebuild: the damaged one may refer to more than is known. Purge
// removes nothing meanwhile, and Dovecot rebuilds before it does.
func (s *Store) reconcile(ctx context.Context, m *lockedMap) error {
	_, tail := m.Log()
	if m.marked = true; s.marked == tail {
		return nil // it was looked at before
	}
	r, err := s.countReferences(ctx, m.mapView)
	if err != nil && !errors.Is(err, mailstore.ErrCorrupt) {
		return fmt.Errorf("a writer has died, and its work cannot be looked at: %w", err)
	}
	if err == nil {
		return m.settle(ctx, r)
	}
	s.opts.Logger.WarnContext(ctx, "mdbox: a writer has died, and not all of its work can be looked at before a rebuild",
		"root", s.opts.Root, "err", err)
	s.marked = tail
	return m.raise(ctx, r)
}

// settle raises the counts that are too low, with which all is done that a writer
// may have left.
func (m *lockedMap) settle(ctx context.Context, r *references) error {
	if err := m.raise(ctx, r); err != nil || !m.marked {
		return err
	}
	m.marked = false
	return m.Locked.Done(ctx)
}

// raise corrects counts that are too low.
func (m *lockedMap) raise(ctx context.Context, r *references) error {
	var t mailindex.Transaction
	raised := false
	for e, err := range m.all(ctx) {
		if err != nil && !errors.Is(err, mailstore.ErrCorrupt) {
			return err
		}
		if refs := r.refs[e.uid]; err == nil && refs > int(e.refs) {
			setRefs(&t, e, min(refs, 1<<16-1))
			raised = true
		}
	}
	if !raised {
		return nil
	}
	return m.append(ctx, &t)
}
