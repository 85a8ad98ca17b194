package mdbox

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Create makes the directory, and then the index in it. A crash between the two
// leaves an empty mailbox that gets its index when it is opened.
func (s *Store) Create(ctx context.Context, name string) error {
	name, err := mailstore.CleanName(name)
	if err != nil {
		return err
	}
	if err := s.tree.Make(ctx, name); err != nil {
		return boxError(name, err)
	}
	s.boxes.forget(name)
	index, err := s.acquire(ctx, name)
	if err != nil {
		return err
	}
	return boxError(name, errors.Join(s.begin(ctx, index), s.boxes.release(index)))
}

// begin gives a mailbox without a header its UIDVALIDITY, its GUID, and the map
// that it refers to.
func (s *Store) begin(ctx context.Context, index *boxIndex) error {
	m, err := s.lockMap(ctx)
	if err != nil {
		return err
	}
	validity := m.UIDValidity()
	if err := m.Unlock(); err != nil {
		return err
	}
	// This may lock the list of mailboxes, for which nothing may be locked.
	own, err := s.tree.NextUIDValidity(ctx)
	if err != nil {
		return err
	}
	locked, err := index.Lock(ctx)
	if err != nil {
		return err
	}
	return errors.Join(beginLocked(ctx, locked, validity, own), locked.Unlock())
}

// beginLocked writes what a mailbox lacks of its header and its UIDVALIDITY.
func beginLocked(ctx context.Context, locked *mailindex.Locked, mapValidity, validity uint32) error {
	v, err := locked.View(ctx)
	if err != nil {
		return err
	}
	var t mailindex.Transaction
	if _, ok := newBoxView(v).header(); !ok {
		h := boxHeader{mapValidity: mapValidity}
		rand.Read(h.guid[:])
		t.SetExtHeader(boxExt, 0, h.bytes())
	}
	if v.UIDValidity() == 0 {
		t.SetUIDValidity(validity)
	}
	return locked.Append(ctx, &t)
}
