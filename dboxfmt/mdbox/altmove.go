package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// AltMove marks the messages first. A message moves to the alternate storage
// when all mailboxes that have it have marked it, and back as soon as one has
// not.
func (b *mailbox) AltMove(ctx context.Context, uids []uint32, back bool) error {
	has, err := b.store.tree.HasAlt(ctx)
	if err == nil && !has {
		err = errors.New("mdbox: there is no alternate storage")
	}
	if err == nil && len(uids) > 0 {
		err = b.markAlt(ctx, uids, !back)
	}
	if err == nil {
		err = b.store.altMove(ctx, b, uids)
	}
	return boxError(b.name, err)
}

func (b *mailbox) markAlt(ctx context.Context, uids []uint32, alt bool) error {
	return b.change(ctx, func(t *mailindex.Transaction) {
		for _, r := range mailstore.Ranges(uids) {
			if alt {
				t.SetFlags(r, mailindex.Backend, 0)
			} else {
				t.SetFlags(r, 0, mailindex.Backend)
			}
		}
	})
}

// altMove brings messages where their marks say they should be.
func (s *Store) altMove(ctx context.Context, b *mailbox, uids []uint32) error {
	v, err := b.view(ctx)
	if err != nil {
		return err
	}
	list, err := v.pick(ctx, unique(uids))
	if err != nil || len(list) == 0 {
		return err
	}
	m, err := s.lockMap(ctx)
	if err != nil {
		return err
	}
	refs, err := s.countReferences(ctx, m.mapView)
	if err = errors.Join(err, m.Unlock()); err != nil {
		return err
	}
	want := map[uint32]bool{} // by map uid: in the alternate storage
	for _, mail := range list {
		want[mail.mapUID] = refs.refs[mail.mapUID] == refs.marked[mail.mapUID]
	}
	files, err := s.misplaced(ctx, m.mapView, want)
	if err != nil {
		return err
	}
	c := &compaction{store: s, refs: refs, wantAlt: func(e mapped, alt bool) bool {
		if to, asked := want[e.uid]; asked {
			return to
		}
		return alt
	}}
	return c.files(ctx, files)
}

// misplaced returns the files with messages that are in the wrong storage.
func (s *Store) misplaced(ctx context.Context, m mapView, want map[uint32]bool) (files []uint32, err error) {
	isAlt := map[uint32]bool{}
	for uid, to := range want {
		e, err := m.find(ctx, uid)
		if errors.Is(err, mailindex.ErrNoMessage) {
			continue
		}
		if err != nil {
			return nil, err
		}
		alt, known := isAlt[e.at.file]
		if !known {
			if alt, err = s.inAlt(ctx, e.at.file); err != nil {
				return nil, err
			}
			isAlt[e.at.file] = alt
		}
		if alt != to {
			files = append(files, e.at.file)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// inAlt reports in which storage a file is; Dovecot looks in the same order.
func (s *Store) inAlt(ctx context.Context, file uint32) (bool, error) {
	for _, alt := range []bool{false, true} {
		_, err := s.opts.FS.Stat(ctx, s.layout.message(file, alt))
		if !errors.Is(err, fs.ErrNotExist) {
			return alt, err
		}
	}
	return false, fmt.Errorf("%w: m.%d is in neither storage", mailstore.ErrCorrupt, file)
}
