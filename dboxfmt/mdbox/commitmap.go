package mdbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// enterMap adds the messages of the group to the map, and a reference to each
// that is copied, in one transaction. false: the map is as it was.
func (g *group) enterMap(ctx context.Context, m *lockedMap) bool {
	var t mailindex.Transaction
	added := map[*add]*mailindex.Added{}
	refs := map[uint32]int{}
	for _, d := range alive(g.list) {
		if d.err = m.admits(ctx, d.adds, refs); d.err != nil {
			continue
		}
		for i := range d.adds {
			a := &d.adds[i]
			if a.mapUID != 0 {
				t.Increment(refExt, a.mapUID, 1)
				continue
			}
			at, _ := placeOf(a.out.id, a.msg) // admits has looked
			added[a] = t.Append(0)
			added[a].SetExt(placeExt, at.bytes())
			added[a].SetExt(refExt, []byte{1, 0})
		}
	}
	g.enterFailed(&t)
	err := g.store.enterOrphans(ctx, m, &t, g.files())
	if err == nil && len(alive(g.list)) > 0 {
		err = m.append(ctx, &t)
	}
	if err != nil || len(alive(g.list)) == 0 {
		fail(alive(g.list), err)
		return false
	}
	for a, entry := range added {
		a.mapUID = entry.UID()
	}
	for _, d := range alive(g.list) {
		d.mapped = true
	}
	return true
}

// enterFailed tells the map of messages of transactions that have failed, which
// are in one file with those of others, as expunged ones.
func (g *group) enterFailed(t *mailindex.Transaction) {
	files := g.files()
	for _, d := range g.list {
		for _, a := range d.adds {
			if d.err != nil && a.msg != nil && slices.Contains(files, a.out) {
				enterDead(t, a.out.id, a.msg)
			}
		}
	}
}

// enterDead tells the map of a message that nobody refers to.
func enterDead(t *mailindex.Transaction, file uint32, msg *dboxfmt.Message) {
	if at, err := placeOf(file, msg); err == nil {
		entry := t.Append(0)
		entry.SetExt(placeExt, at.bytes())
		entry.SetExt(refExt, []byte{0, 0})
	}
}

// admits reports whether the map can take the messages. refs counts the copies
// that it has admitted before.
func (m *lockedMap) admits(ctx context.Context, adds []add, refs map[uint32]int) error {
	for _, a := range adds {
		if a.mapUID == 0 {
			if _, err := placeOf(a.out.id, a.msg); err != nil {
				return err
			}
			continue
		}
		e, err := m.find(ctx, a.mapUID)
		if err != nil {
			return fmt.Errorf("%w: the message to copy, map uid %d: %w", mailstore.ErrCorrupt, a.mapUID, err)
		}
		if refs[a.mapUID]++; int(e.refs)+refs[a.mapUID] > MaxRefs {
			return errTooMany
		}
	}
	return nil
}

// errTooMany: a message has as many references as it can have.
var errTooMany = errors.New("mdbox: the message is in too many mailboxes")

// enterOrphans tells the map of messages that somebody has appended to a file
// and not committed, as expunged ones: else Dovecot would take a file in which
// they are followed by others for a damaged one.
func (s *Store) enterOrphans(ctx context.Context, m *lockedMap, t *mailindex.Transaction, outs []*outlet) error {
	for _, out := range outs {
		if err := m.enterUnknown(ctx, t, out.id, out.Orphans()); err != nil {
			return err
		}
	}
	return nil
}

// enterUnknown tells the map of messages of a file that it does not have, as
// expunged ones.
func (m *lockedMap) enterUnknown(ctx context.Context, t *mailindex.Transaction, file uint32, list []*dboxfmt.Message) error {
	if len(list) == 0 {
		return nil
	}
	known, err := m.in(ctx, file)
	if err != nil {
		return err
	}
	mapped := map[int64]bool{}
	for _, e := range known {
		mapped[int64(e.at.offset)] = true
	}
	for _, msg := range list {
		if !mapped[msg.Offset] {
			enterDead(t, file, msg)
		}
	}
	return nil
}
