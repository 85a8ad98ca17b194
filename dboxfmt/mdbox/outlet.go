package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// outlet is a message file that a transaction or a compaction writes to: one
// that was there, locked as Dovecot does it, or a new one that gets its number
// in the commit. It is for one goroutine.
type outlet struct {
	*dboxfmt.FileWriter
	store *Store
	id    uint32 // 0: a new file without a number yet
	alt   bool
	calls *callContext
	fresh bool // a new file, whether or not it has a number
}

// callContext lends a file writer the context of the call that is under way.
type callContext struct{ context.Context }

// openOutlet opens a file to append to. A nil outlet without an error: not this
// file, because somebody else has it, or because of what it is.
func (s *Store) openOutlet(ctx context.Context, c tail, alt bool) (*outlet, error) {
	if !s.outlets.claim(c.file) {
		return nil, nil
	}
	o := &outlet{store: s, id: c.file, alt: alt, calls: &callContext{ctx}}
	o.FileWriter = dboxfmt.OpenAppender(s.opts.FS, s.layout.message(c.file, alt), dboxfmt.AppendOptions{
		FileWriterOptions: dboxfmt.FileWriterOptions{Context: o.calls},
		Version:           s.opts.Version,
		After:             c.end,
	})
	err := o.Ready()
	if err == nil && o.Header().Created >= s.opts.oldest() && o.Size() < s.opts.RotateSize {
		return o, nil
	}
	o.forget()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil || unusable(err):
		return nil, nil
	default:
		return nil, fmt.Errorf("mdbox: appending: %w", err)
	}
}

// unusable reports whether another file can be taken instead. Files that are
// damaged are left as they are, for Verify and Rebuild.
func unusable(err error) bool {
	for _, reason := range []error{
		fsapi.ErrLocked, fs.ErrNotExist, fs.ErrPermission,
		dboxfmt.ErrNotAppendable, dboxfmt.ErrCorrupt, dboxfmt.ErrTruncated,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// newOutlet begins a file. It has no name: its number is not known before the
// map is locked.
func (s *Store) newOutlet(ctx context.Context, alt bool) (*outlet, error) {
	o := &outlet{store: s, alt: alt, fresh: true, calls: &callContext{ctx}}
	perm, err := s.permissions(ctx, alt)
	if err != nil {
		return nil, err
	}
	f := s.opts.FS.Create(s.layout.message(0, alt), fsapi.FailIfExists, perm)
	w, err := dboxfmt.NewFileWriter(f, s.opts.header(), dboxfmt.FileWriterOptions{Context: o.calls})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	o.FileWriter = w
	return o, nil
}

// permissions are those of a new message file: as for its directory, without the
// execute bits, and the group too if that may read. Dovecot does the same.
func (s *Store) permissions(ctx context.Context, alt bool) (fsapi.Perm, error) {
	info, err := s.opts.FS.Stat(ctx, filepath.Dir(s.layout.message(0, alt)))
	if err != nil {
		return fsapi.Perm{}, fmt.Errorf("mdbox: %w", err)
	}
	p := fsapi.Perm{Mode: info.Mode().Perm()&0o666 | 0o600}
	if dir, ok := info.Sys().(fsapi.Info); ok && p.Mode&0o060 != 0 {
		group := int(dir.GID)
		p.Group = &group
	}
	return p, nil
}

// release closes a file whose messages are all in the map.
func (o *outlet) release() {
	end := o.Size()
	_ = o.Close() // everything is committed
	o.store.outlets.release(tail{o.id, end}, end < o.store.opts.RotateSize && !o.alt)
}

// forget closes a file, and takes back what was not committed.
func (o *outlet) forget() {
	_ = o.Close()
	o.store.outlets.release(tail{file: o.id}, false)
}
