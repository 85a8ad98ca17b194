package mdbox

import (
	"context"
	"errors"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Purge writes every message file anew that has expunged messages, without them.
// Files that somebody is appending to are left for the next time; so are damaged
// ones, which the error speaks of. A message that any mailbox refers to is kept
// whatever the map counts.
func (s *Store) Purge(ctx context.Context) (mailstore.PurgeReport, error) {
	files, refs, err := s.expunged(ctx)
	if err != nil {
		return mailstore.PurgeReport{}, err
	}
	c := &compaction{store: s, refs: refs, wantAlt: func(_ mapped, alt bool) bool { return alt }}
	err = c.files(ctx, files)
	return c.report, err
}

// expunged returns the files with messages that nobody refers to.
func (s *Store) expunged(ctx context.Context) (files []uint32, refs *references, err error) {
	m, err := s.lockMap(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer s.unlock(ctx, m.Locked)
	if refs, err = s.countReferences(ctx, m.mapView); err != nil {
		return nil, nil, err
	}
	if err := m.raise(ctx, refs); err != nil {
		return nil, nil, err
	}
	for e, err := range m.all(ctx) {
		if err != nil && !errors.Is(err, mailstore.ErrCorrupt) {
			return nil, nil, err
		}
		if err == nil && e.refs == 0 {
			files = append(files, e.at.file)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), refs, nil
}
