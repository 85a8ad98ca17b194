package mdbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Rebuild makes the map anew from the message files, and puts the mailboxes in
// line with it. Damaged message files are repaired first, and kept under
// .broken. A message that a mailbox refers to is found by its GUID wherever it
// is, and keeps its uid, flags and keywords. A message that no mailbox refers to
// goes to the one it was saved to, or else to INBOX, unless it is known to be
// expunged:
//
//   - the map counts no reference to it,
//   - or a purge has taken it out of the map and the log still says so,
//   - or, if the map does not have it and all mailboxes are in order, the log of
//     one says so,
//   - or it is what remains of an append that did not come to its end: it is not
//     whole, and the map does not know it, or no mailbox lacks anything.
//
// A file that somebody is appending to is read and not repaired, and what the
// map does not know of it is left to whoever appends.
//
// A crash leaves the old map, or the new one with mailboxes that are not in line
// with it yet; another Rebuild finishes the work.
func (s *Store) Rebuild(ctx context.Context) (*mailstore.RebuildReport, error) {
	// A new mailbox may need a value while the list is locked: then there is one.
	if _, err := s.tree.NextUIDValidity(ctx); err != nil {
		return nil, fmt.Errorf("mdbox: %w", err)
	}
	r := &rebuild{store: s, report: &mailstore.RebuildReport{}, deleted: map[string]bool{}}
	err := s.tree.Locked(ctx, func() error {
		locked, err := s.index.LockDamaged(ctx)
		if err != nil {
			return fmt.Errorf("mdbox: map: %w", err)
		}
		return errors.Join(r.run(ctx, locked), locked.Unlock())
	})
	r.close()
	return r.report, err
}

// rebuild is one call of Rebuild.
type rebuild struct {
	store  *Store
	report *mailstore.RebuildReport

	old      oldMap
	messages []*scanned
	byPlace  map[filePlace]*scanned
	byGUID   map[[16]byte][]*scanned
	byUID    map[uint32]*scanned // by the old map
	boxes    []*rebuiltBox
	deleted  map[string]bool // mailboxes
	taken    map[uint32]bool // map uids
	highest  uint32          // number of a file
	validity uint32          // UIDVALIDITY of the map
	nextUID  uint32
}

func (r *rebuild) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

func (r *rebuild) run(ctx context.Context, locked *mailindex.Locked) error {
	for _, step := range []func(context.Context) error{
		r.readMap, r.scanFiles, r.readBoxes, r.join, r.restore,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := r.writeMap(ctx, locked); err != nil {
		return fmt.Errorf("mdbox: map: %w", err)
	}
	return r.writeBoxes(ctx)
}

func (r *rebuild) close() {
	for _, b := range r.boxes {
		_ = b.index.Close()
		r.store.boxes.forget(b.name)
	}
}

// oldMap is what the map said before, as far as it could be read.
type oldMap struct {
	damaged  bool // or lost
	validity uint32
	entries  []mapped
	expunged map[[16]byte]bool
	rebuilds uint32
	nextUID  uint32
}

func (r *rebuild) readMap(ctx context.Context) error {
	err := r.store.index.Refresh(ctx)
	damaged := errors.Is(err, mailindex.ErrCorrupt) || errors.Is(err, mailindex.ErrGone)
	if err != nil && !damaged {
		return fmt.Errorf("mdbox: map: %w", err)
	}
	view, err := r.store.index.View(ctx)
	if err != nil {
		return fmt.Errorf("mdbox: map: %w", err)
	}
	v := newMapView(view)
	r.old = oldMap{validity: v.UIDValidity(), rebuilds: v.rebuilds(), nextUID: v.NextUID()}
	r.old.damaged = damaged || r.old.lost()
	r.highest = v.highestFile()
	for e, err := range v.all(ctx) {
		switch {
		case err == nil:
			r.old.entries = append(r.old.entries, e)
		case errors.Is(err, mailstore.ErrCorrupt):
			r.note("map uid %d has no place", e.uid)
		default:
			return fmt.Errorf("mdbox: map: %w", err)
		}
	}
	r.old.expunged, err = r.store.expungedGUIDs(ctx, r.store.layout.storage, mapIndex)
	return err
}

// lost reports whether there was no map.
func (m *oldMap) lost() bool { return m.validity == 0 }
