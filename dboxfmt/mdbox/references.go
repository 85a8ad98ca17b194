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
// a reference.
func (s *Store) countReferences(ctx context.Context, m mapView) (*references, error) {
	r := &references{refs: map[uint32]int{}, marked: map[uint32]int{}, guids: map[[16]byte]bool{}}
	boxes, err := s.tree.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, box := range boxes {
		if !box.Selectable {
			continue
		}
		v, err := s.peek(ctx, box.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = r.add(ctx, v, m)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// peek returns a mailbox's index as it is now.
func (s *Store) peek(ctx context.Context, name string) (v boxView, err error) {
	for range 2 {
		var x *boxIndex
		if x, err = s.acquire(ctx, name); err != nil {
			return boxView{}, err
		}
		v, err = (&mailbox{store: s, name: name, index: x}).view(ctx)
		err = errors.Join(err, s.boxes.release(x))
		if !errors.Is(err, mailstore.ErrDeleted) {
			break
		}
		s.boxes.forget(name)
	}
	return v, err
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
func (s *Store) reconcile(ctx context.Context, m *lockedMap) error {
	r, err := s.countReferences(ctx, m.mapView)
	if err != nil {
		return fmt.Errorf("a writer has died, and its work cannot be looked at: %w", err)
	}
	if err := m.raise(ctx, r); err != nil {
		return err
	}
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
