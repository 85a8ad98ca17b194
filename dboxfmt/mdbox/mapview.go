package mdbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// mapView is the map at one moment: where every message is, and in how many
// mailboxes.
type mapView struct {
	*mailindex.View
	placeField, refField mailindex.Field
}

func newMapView(v *mailindex.View) mapView {
	return mapView{v, v.Field(extMap), v.Field(extRef)}
}

// mapped is one message of the map.
type mapped struct {
	uid  uint32 // the map's, which mailboxes refer to
	at   place
	refs uint16
}

func (v mapView) entry(m mailindex.Message) (mapped, error) {
	at, ok := parsePlace(m.Ext(v.placeField))
	if !ok {
		return mapped{uid: m.UID}, fmt.Errorf("%w: map uid %d has no place", mailstore.ErrCorrupt, m.UID)
	}
	e := mapped{uid: m.UID, at: at}
	if b := m.Ext(v.refField); len(b) >= 2 {
		e.refs = binary.LittleEndian.Uint16(b)
	}
	return e, nil
}

// find returns a message of the map; mailindex.ErrNoMessage: there is none.
func (v mapView) find(ctx context.Context, uid uint32) (mapped, error) {
	m, err := v.Find(ctx, uid)
	if err != nil {
		return mapped{uid: uid}, err
	}
	return v.entry(m)
}

// all returns all messages of the map by ascending map uid. An entry that makes
// no sense comes with an ErrCorrupt, and the sequence goes on.
func (v mapView) all(ctx context.Context) iter.Seq2[mapped, error] {
	return func(yield func(mapped, error) bool) {
		for m, err := range v.All(ctx, 1, v.Count()) {
			if err != nil {
				yield(mapped{}, err)
				return
			}
			if !yield(v.entry(m)) {
				return
			}
		}
	}
}

// filesOf sorts the messages of the map by the file they are in. Entries that
// make no sense are left out.
func (v mapView) filesOf(ctx context.Context) (map[uint32][]mapped, error) {
	files := map[uint32][]mapped{}
	for e, err := range v.all(ctx) {
		switch {
		case err == nil:
			files[e.at.file] = append(files[e.at.file], e)
		case !errors.Is(err, mailstore.ErrCorrupt):
			return nil, err
		}
	}
	return files, nil
}

// in returns the messages of one file.
func (v mapView) in(ctx context.Context, file uint32) (list []mapped, err error) {
	for e, err := range v.all(ctx) {
		if err != nil && !errors.Is(err, mailstore.ErrCorrupt) {
			return nil, err
		}
		if e.at.file == file {
			list = append(list, e)
		}
	}
	return list, nil
}

// highestFile is the highest number that a file has been given.
func (v mapView) highestFile() uint32 { return headerWord(v.ExtHeader(extMap), 0) }

// rebuilds counts how often the map was rebuilt.
func (v mapView) rebuilds() uint32 { return headerWord(v.ExtHeader(extMap), 4) }

func headerWord(b []byte, at int) uint32 {
	if len(b) < at+4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b[at:])
}
