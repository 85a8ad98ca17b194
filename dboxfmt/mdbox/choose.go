package mdbox

import (
	"context"
	"errors"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// maxTries is how many files are looked at before a new one is begun, besides
// those that this process has used lately. It is Dovecot's number.
const maxTries = 10

// maxLook bounds how many messages of the map are looked at to find them.
const maxLook = 512

// choose returns a file to append to: one of the last that have room, or a new
// one. Files that somebody has locked, that are old or damaged, or of another
// version, are passed over.
func (s *Store) choose(ctx context.Context, alt bool) (*outlet, error) {
	candidates := s.outlets.idle()
	if alt {
		candidates = nil
	}
	view, err := s.mapNow(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.lastFiles(ctx, view)
	if err != nil {
		return nil, err
	}
	tried := map[uint32]bool{}
	for _, c := range append(candidates, last...) {
		if tried[c.file] {
			continue
		}
		tried[c.file] = true
		if o, err := s.openOutlet(ctx, c, alt); o != nil || err != nil {
			return o, err
		}
	}
	return s.newOutlet(ctx, alt)
}

// lastFiles returns the files of the newest messages of the map that have room.
func (s *Store) lastFiles(ctx context.Context, v mapView) (list []tail, err error) {
	ends := map[uint32]int64{}
	for seq := v.Count(); seq > max(0, v.Count()-maxLook); seq-- {
		m, err := v.At(ctx, seq)
		if err != nil {
			return nil, err
		}
		e, err := v.entry(m)
		if errors.Is(err, mailstore.ErrCorrupt) {
			continue
		}
		if _, seen := ends[e.at.file]; !seen {
			if len(ends) == maxTries {
				break
			}
			list = append(list, tail{e.at.file, 0})
		}
		ends[e.at.file] = max(ends[e.at.file], e.at.end())
	}
	kept := list[:0]
	for _, t := range list {
		if t.end = ends[t.file]; t.end < s.opts.RotateSize {
			kept = append(kept, t)
		}
	}
	return kept, nil
}
