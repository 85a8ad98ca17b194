package sdbox

import (
	"cmp"
	"context"
	"slices"
)

// stranger is a message file whose number cannot be its UID, in a rebuild.
type stranger struct {
	name string
	alt  bool
}

// renumber takes the message files in whose number is none, or is too high. They
// get the next UIDs.
func (r *rebuiltBox) renumber(ctx context.Context) error {
	slices.SortFunc(r.strange, func(a, b stranger) int { return cmp.Compare(a.name, b.name) })
	for _, s := range r.strange {
		f := &file{uid: r.next, primary: !s.alt, alt: s.alt}
		r.next++
		if err := r.fsys.Rename(ctx, r.path(s.name, s.alt), r.box.file(f.uid, s.alt)); err != nil {
			return err
		}
		r.changed[r.dirOf(s.alt)] = true
		r.files[f.uid] = f
		r.note("mailbox %q: the file %s became uid %d", r.name, s.name, f.uid)
	}
	return nil
}

// sync makes the names in the directories durable that have changed.
func (r *rebuiltBox) sync(ctx context.Context) error {
	for dir := range r.changed {
		if err := r.fsys.SyncDir(ctx, dir); err != nil {
			return err
		}
		delete(r.changed, dir)
	}
	return nil
}
