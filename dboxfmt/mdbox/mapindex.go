package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// The extensions with the sizes that Dovecot gives them.
var (
	placeExt = mailindex.Extension{Name: extMap, HeaderSize: 8, RecordSize: 12, Align: 4}
	refExt   = mailindex.Extension{Name: extRef, RecordSize: 2, Align: 2}
	mdboxExt = mailindex.Extension{Name: extMdbox, RecordSize: 8, Align: 4}
	guidExt  = mailindex.Extension{Name: extGUID, RecordSize: 16, Align: 1}
	boxExt   = mailindex.Extension{Name: extBox, HeaderSize: boxHeaderSize}
	pop3Ext  = mailindex.Extension{Name: extPOP3, HeaderSize: 4}
)

// mapNow returns the map as it is now. One that is lost although there are
// message files, or damaged, is a mailstore.ErrCorrupt.
func (s *Store) mapNow(ctx context.Context) (mapView, error) {
	err := s.index.Refresh(ctx)
	if err == nil {
		var v *mailindex.View
		if v, err = s.index.View(ctx); err == nil && v.UIDValidity() != 0 {
			return newMapView(v), nil
		}
		if err == nil {
			return newMapView(v), s.mapMissing(ctx)
		}
	}
	return mapView{}, mapError(err)
}

// mapMissing tells a store that is new from one that has lost its map.
func (s *Store) mapMissing(ctx context.Context) error {
	for _, dir := range []string{s.layout.storage, s.layout.alt} {
		entries, err := s.opts.FS.ReadDir(ctx, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if _, ok := parseMessageFile(e.Name()); ok {
				return fmt.Errorf("%w: the map is lost, but %s has %s", mailstore.ErrCorrupt, dir, e.Name())
			}
		}
	}
	return nil
}

// mapError says what an error of the map's index means for the store.
func mapError(err error) error {
	if errors.Is(err, mailindex.ErrCorrupt) || errors.Is(err, mailindex.ErrGone) {
		return fmt.Errorf("%w: map: %w", mailstore.ErrCorrupt, err)
	}
	return fmt.Errorf("mdbox: map: %w", err)
}

// lockedMap is the map while nobody else changes it, nor, since whoever changes
// both locks the map first, any reference to it.
type lockedMap struct {
	*mailindex.Locked
	mapView
	marked bool // a writer has died, and its work is left to Rebuild
}

// lockMap locks the map. A new store gets its map now. What a writer that died
// has left half done is put right: see reconcile.
func (s *Store) lockMap(ctx context.Context) (*lockedMap, error) {
	locked, err := s.index.Lock(ctx)
	if err != nil {
		return nil, mapError(err)
	}
	m := &lockedMap{Locked: locked}
	if err = m.look(ctx); err == nil && m.UIDValidity() == 0 {
		if err = s.mapMissing(ctx); err == nil {
			err = m.begin(ctx, s.opts.Now().Unix())
		}
	}
	if err == nil {
		if head, tail := m.Log(); head != tail {
			err = s.reconcile(ctx, m)
		}
	}
	if err != nil {
		return nil, errors.Join(err, m.Unlock())
	}
	return m, nil
}

// look takes the view as it is after what was appended.
func (m *lockedMap) look(ctx context.Context) error {
	v, err := m.Locked.View(ctx)
	if err != nil {
		return mapError(err)
	}
	m.mapView = newMapView(v)
	return nil
}

// begin gives an empty map its UIDVALIDITY, which may not be 0.
func (m *lockedMap) begin(ctx context.Context, now int64) error {
	var t mailindex.Transaction
	t.SetUIDValidity(uint32(max(1, min(now, math.MaxUint32))))
	t.SetExtHeader(placeExt, 0, make([]byte, placeExt.HeaderSize))
	return m.append(ctx, &t)
}

// append changes the map, durably, and says that nothing of it is left to do,
// unless that is not so: Dovecot takes a map that has something left for one
// whose writer died.
func (m *lockedMap) append(ctx context.Context, t *mailindex.Transaction) error {
	if !m.marked {
		t.Done()
	}
	if err := m.Append(ctx, t); err != nil {
		return fmt.Errorf("mdbox: map: %w", err)
	}
	return m.look(ctx)
}

// setRefs makes the reference count of a message what it should be.
func setRefs(t *mailindex.Transaction, e mapped, refs int) {
	if diff := refs - int(e.refs); diff != 0 {
		t.Increment(refExt, e.uid, int32(diff))
	}
}
