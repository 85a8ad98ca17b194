package mdbox

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Verify looks at the map and the mailboxes while the map is locked, so that
// they fit together, and then reads all message files. What does not fit then is
// looked up in the map once more: it may have been purged meanwhile.
func (s *Store) Verify(ctx context.Context, report func(mailstore.Problem)) error {
	v := &verification{store: s, report: report}
	ok, err := v.indexes(ctx)
	if err == nil && ok {
		err = v.files(ctx)
	}
	return err
}

// verification is one call of Verify.
type verification struct {
	store  *Store
	report func(mailstore.Problem)
	places mapView
	refs   map[uint32]reference // by map uid
}

// reference is how often mailboxes refer to a message, and what they say it is.
type reference struct {
	count int
	guid  [16]byte
	box   string
	uid   uint32
}

func (v *verification) problem(err error) { v.report(mailstore.Problem{Err: err}) }

// indexes reports false if there is no map to compare anything with.
func (v *verification) indexes(ctx context.Context) (bool, error) {
	m, err := v.store.mapNow(ctx)
	if errors.Is(err, mailstore.ErrCorrupt) {
		v.problem(err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if m.UIDValidity() == 0 {
		return true, v.begin(ctx, m) // a new store
	}
	locked, err := v.store.index.Lock(ctx)
	if err != nil {
		return false, mapError(err)
	}
	view, err := locked.View(ctx)
	if err == nil {
		err = v.begin(ctx, newMapView(view))
	}
	if err = errors.Join(err, locked.Unlock()); err != nil {
		return false, err
	}
	return true, v.counts(ctx)
}

// begin reads all mailboxes, for which the map is locked.
func (v *verification) begin(ctx context.Context, m mapView) error {
	v.places = m
	var found []mailstore.Problem
	begin := func() { v.refs, found = map[uint32]reference{}, nil }
	note := func(p mailstore.Problem) { found = append(found, p) }
	err := v.store.survey(ctx, begin, func(name string, b boxView, err error) error {
		return v.box(ctx, name, b, err, note)
	})
	if err != nil {
		return err
	}
	if head, tail := m.Log(); head != tail {
		v.problem(fmt.Errorf("%w: map: a writer has died at offset %d of the log", mailstore.ErrCorrupt, tail.Offset))
	}
	for _, p := range found {
		v.report(p)
	}
	return nil
}

// box looks at one mailbox, whose index could not be read if err says so.
func (v *verification) box(ctx context.Context, name string, b boxView, err error, note func(mailstore.Problem)) error {
	if err == nil && b.begun() {
		err = boxError(name, b.fits(v.places))
	}
	if errors.Is(err, mailstore.ErrCorrupt) || errors.Is(err, mailstore.ErrDeleted) {
		note(mailstore.Problem{Mailbox: name, Err: err, Harmless: errors.Is(err, mailstore.ErrDeleted)})
		return nil
	}
	if err != nil {
		return err
	}
	for m, err := range b.All(ctx, 1, b.Count()) {
		if err != nil {
			return err
		}
		if err := v.message(ctx, name, m.UID, b.record(m), note); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) message(ctx context.Context, box string, uid uint32, rec mailRecord, note func(mailstore.Problem)) error {
	problem := func(format string, args ...any) {
		note(mailstore.Problem{Mailbox: box, UID: uid, Err: fmt.Errorf("%w: "+format, append([]any{mailstore.ErrCorrupt}, args...)...)})
	}
	ref := v.refs[rec.mapUID]
	if ref.count++; ref.count == 1 {
		ref.guid, ref.box, ref.uid = rec.guid, box, uid
	}
	v.refs[rec.mapUID] = ref
	if rec.guid != ref.guid {
		problem("its GUID is %x, that of the same message, uid %d of %q, is %x", rec.guid, ref.uid, ref.box, ref.guid)
	}
	_, err := v.places.find(ctx, rec.mapUID)
	switch {
	case errors.Is(err, mailindex.ErrNoMessage):
		problem("map uid %d is not in the map", rec.mapUID)
	case err != nil && !errors.Is(err, mailstore.ErrCorrupt):
		return err
	}
	return nil
}

// counts compares the reference counts. One that is too high is harmless as long as
// a mailbox has the message.
func (v *verification) counts(ctx context.Context) error {
	for e, err := range v.places.all(ctx) {
		if errors.Is(err, mailstore.ErrCorrupt) {
			v.problem(err)
			continue
		}
		if err != nil {
			return err
		}
		have, count := v.refs[e.uid].count, int(e.refs)
		if have == count || count == math.MaxUint16 && have > count {
			continue
		}
		err = fmt.Errorf("%w: map uid %d is in %d mailboxes, the map counts %d", mailstore.ErrCorrupt, e.uid, have, count)
		if have == 0 {
			// Which of the two nothing tells; Rebuild puts it into a mailbox.
			err = fmt.Errorf("%w: its delivery did not come to its end, or a mailbox has lost it", err)
		}
		v.report(mailstore.Problem{
			File: v.path(e.at.file, false), Offset: int64(e.at.offset), Harmless: have > 0 && count > have, Err: err,
		})
	}
	return nil
}

func (v *verification) path(file uint32, alt bool) string { return v.store.layout.message(file, alt) }
