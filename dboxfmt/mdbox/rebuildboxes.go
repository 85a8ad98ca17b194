package mdbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// rebuiltBox is a mailbox in a rebuild.
type rebuiltBox struct {
	name     string
	index    *mailindex.Index
	view     boxView
	damaged  bool // the index has to be begun anew
	fresh    bool // there was no index
	refs     []boxRef
	restored []*scanned
	expunged map[[16]byte]bool // by its logs
}

// boxRef is a message of a mailbox.
type boxRef struct {
	uid uint32
	mailRecord
	msg *scanned // nil: it is in no file
}

// readBoxes reads the indexes of all mailboxes as far as they can be read.
func (r *rebuild) readBoxes(ctx context.Context) error {
	list, err := r.store.tree.List(ctx)
	if err != nil {
		return fmt.Errorf("mdbox: %w", err)
	}
	for _, info := range list {
		if info.Selectable {
			b, err := r.openBox(ctx, info.Name)
			if err == nil && b == nil {
				err = r.finishDelete(ctx, info.Name)
			}
			if err != nil {
				return err
			}
		}
	}
	r.chooseValidity()
	return nil
}

// openBox returns a mailbox; nil if it has been deleted.
func (r *rebuild) openBox(ctx context.Context, name string) (*rebuiltBox, error) {
	dir := r.store.tree.Dir(name)
	index, err := mailindex.Open(ctx, r.store.opts.FS, dir, boxIndexName, r.store.indexOptions())
	if errors.Is(err, mailindex.ErrGone) {
		return nil, nil
	}
	b := &rebuiltBox{name: name, index: index, damaged: errors.Is(err, mailindex.ErrCorrupt)}
	if err != nil && !b.damaged {
		return nil, boxError(name, err)
	}
	r.boxes = append(r.boxes, b)
	if b.damaged {
		r.note("the index of mailbox %q is damaged: %v", name, err)
	}
	view, err := index.View(ctx)
	if err != nil {
		return nil, boxError(name, err)
	}
	b.view = newBoxView(view)
	b.fresh = view.UIDValidity() == 0
	for m, err := range b.view.All(ctx, 1, b.view.Count()) {
		if err != nil {
			return nil, boxError(name, err)
		}
		b.refs = append(b.refs, boxRef{uid: m.UID, mailRecord: b.view.record(m)})
	}
	b.expunged, err = r.store.expungedGUIDs(ctx, dir, boxIndexName)
	return b, boxError(name, err)
}

// finishDelete removes what is left of a mailbox that is marked as deleted.
func (r *rebuild) finishDelete(ctx context.Context, name string) error {
	r.note("mailbox %q is deleted, the rest of it is removed", name)
	r.deleted[name] = true
	return r.store.tree.Discard(ctx, name)
}

// chooseValidity keeps the UIDVALIDITY of the map. If that is lost, the
// mailboxes still tell it.
func (r *rebuild) chooseValidity() {
	r.validity = r.old.validity
	votes := map[uint32]int{}
	for _, b := range r.boxes {
		h, _ := b.view.header()
		if votes[h.mapValidity]++; r.old.lost() && h.mapValidity != 0 && votes[h.mapValidity] > votes[r.validity] {
			r.validity = h.mapValidity
		}
	}
	if r.validity == 0 {
		r.validity = uint32(max(1, r.store.opts.Now().Unix()))
	}
}

// home returns the mailbox that a message was saved to, and INBOX if that has no
// name. It is made if it is not there; nil, if it is being deleted.
func (r *rebuild) home(ctx context.Context, m *scanned) (*rebuiltBox, error) {
	name := homeName(m)
	if b := r.box(name); b != nil || r.deleted[name] {
		return b, nil
	}
	if err := r.store.tree.MakeDir(ctx, r.store.tree.Dir(name)); err != nil {
		return nil, boxError(name, err)
	}
	r.note("mailbox %q is new", name)
	return r.openBox(ctx, name)
}

func homeName(m *scanned) string {
	if stored, err := m.msg.Metadata.Mailbox(); err == nil {
		if name, err := mailstore.ParseStorageName(stored); err == nil {
			return name
		}
	}
	return mailstore.Inbox
}

func (r *rebuild) box(name string) *rebuiltBox {
	for _, b := range r.boxes {
		if b.name == name {
			return b
		}
	}
	return nil
}
