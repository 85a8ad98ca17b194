package mdbox

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Purge writes every message file anew that has expunged messages, or something
// that a writer has left behind that died, without them. Files that somebody is
// appending to are left for the next time; so are damaged ones, which the error
// speaks of. A message that any mailbox refers to is kept whatever the map counts;
// so nothing is purged as long as a mailbox cannot be read.
func (s *Store) Purge(ctx context.Context) (mailstore.PurgeReport, error) {
	files, refs, err := s.expunged(ctx)
	if err != nil {
		return mailstore.PurgeReport{}, err
	}
	c := &compaction{store: s, refs: refs, tidy: true, wantAlt: func(_ mapped, alt bool) bool { return alt }}
	err = c.files(ctx, files)
	return c.report, err
}

// expunged returns the files with messages that nobody refers to, and those with
// something that the map does not know.
func (s *Store) expunged(ctx context.Context) (files []uint32, refs *references, err error) {
	v, refs, err := s.counted(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := v.used(ctx)
	if err != nil {
		return nil, nil, err
	}
	for file, u := range all {
		purge := u.dead || u.bytes < u.end-u.first
		if !purge {
			if purge, err = s.longer(ctx, file, u.end); err != nil {
				return nil, nil, err
			}
		}
		if purge {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files, refs, nil
}

// used is what the map knows of a file as a whole.
type used struct {
	first, end int64 // of all messages
	bytes      int64 // that they have
	dead       bool  // one of them is expunged
}

func (v mapView) used(ctx context.Context) (map[uint32]used, error) {
	files := map[uint32]used{}
	for e, err := range v.all(ctx) {
		if errors.Is(err, mailstore.ErrCorrupt) {
			continue
		}
		if err != nil {
			return nil, err
		}
		u, known := files[e.at.file]
		if first := int64(e.at.offset); !known || first < u.first {
			u.first = first
		}
		u.end, u.bytes, u.dead = max(u.end, e.at.end()), u.bytes+int64(e.at.size), u.dead || e.refs == 0
		files[e.at.file] = u
	}
	return files, nil
}

// counted returns the map, in which no count is too low.
func (s *Store) counted(ctx context.Context) (v mapView, refs *references, err error) {
	m, err := s.lockMap(ctx)
	if err != nil {
		return v, nil, err
	}
	if refs, err = s.countReferences(ctx, m.mapView); err == nil {
		err = m.settle(ctx, refs)
	}
	v = m.mapView
	return v, refs, errors.Join(err, s.unlock(ctx, m.Locked))
}

// longer reports whether a file goes on behind end.
func (s *Store) longer(ctx context.Context, file uint32, end int64) (bool, error) {
	for _, alt := range []bool{false, true} {
		info, err := s.opts.FS.Stat(ctx, s.layout.message(file, alt))
		if !errors.Is(err, fs.ErrNotExist) {
			return err == nil && info.Size() > end, err
		}
	}
	return false, nil
}
