package mdbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// boxView is the index of a mailbox at one moment.
type boxView struct {
	*mailindex.View
	mdboxField, guidField mailindex.Field
}

func newBoxView(v *mailindex.View) boxView {
	return boxView{v, v.Field(extMdbox), v.Field(extGUID)}
}

// record returns what the mailbox says about a message; a map uid of 0 refers to
// nothing.
func (v boxView) record(m mailindex.Message) (r mailRecord) {
	if b := m.Ext(v.mdboxField); len(b) >= 4 {
		r.mapUID = binary.LittleEndian.Uint32(b)
		if len(b) >= 8 {
			r.saved = binary.LittleEndian.Uint32(b[4:])
		}
	}
	copy(r.guid[:], m.Ext(v.guidField))
	return r
}

// boxMail is a message of a mailbox.
type boxMail struct {
	mailindex.Message
	mailRecord
}

// pick returns the messages with these uids, in their order, without those that
// are not there; nil uids are all messages.
func (v boxView) pick(ctx context.Context, uids []uint32) (list []boxMail, err error) {
	if uids == nil {
		for m, err := range v.All(ctx, 1, v.Count()) {
			if err != nil {
				return nil, err
			}
			list = append(list, boxMail{m, v.record(m)})
		}
		return list, nil
	}
	for _, uid := range uids {
		m, err := v.Find(ctx, uid)
		if errors.Is(err, mailindex.ErrNoMessage) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, boxMail{m, v.record(m)})
	}
	return list, nil
}

// header returns the mailbox's own header; ok is false if it has none yet.
func (v boxView) header() (boxHeader, bool) { return parseBoxHeader(v.ExtHeader(extBox)) }

// begun reports whether the mailbox has an index, or only a directory.
func (v boxView) begun() bool {
	_, ok := v.header()
	return ok || v.Count() > 0
}

// same returns an ErrDeleted if the view is of another mailbox than the one that
// was opened, which has got its name since.
func (v boxView) same(index *boxIndex) error {
	if h, ok := v.header(); ok && !index.is(h.guid) {
		return fmt.Errorf("%w: another one has its name", mailstore.ErrDeleted)
	}
	return nil
}

// belongs: the references of a mailbox are of one map only.
func (v boxView) belongs(index *boxIndex, m mapView) error {
	if err := v.same(index); err != nil {
		return err
	}
	return v.fits(m)
}

func (v boxView) fits(m mapView) error {
	if h, _ := v.header(); h.mapValidity != m.UIDValidity() {
		return fmt.Errorf("%w: it refers to map %d, the map is %d", mailstore.ErrCorrupt, h.mapValidity, m.UIDValidity())
	}
	return nil
}
