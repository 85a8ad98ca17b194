package mailfmt

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// BoxOptions are the choices of the targets.
type BoxOptions struct {
	Version int    // of dbox files: 2 or 3
	Rotate  int64  // multi-dbox files: begin a new one at this size in bytes; 0: never
	Mailbox string // multi-dbox files: B
	// Folders: a Maildir gets folders for mailboxes other than INBOX (Maildir++).
	Folders bool
	// Portable: a Maildir gets names that Windows can have too.
	Portable bool
	Store    stores.Options // FS need not be set
	// KeepUIDs: see CreateInStore.
	KeepUIDs bool
}

// singleTarget writes u.1, u.2, ….
type singleTarget struct {
	group
	dir     string
	version int
	n       int
}

// CreateSingleBoxes returns a Target that writes a file u.N for each mail into
// a directory, which must be empty or not exist.
func CreateSingleBoxes(ctx context.Context, fsys *fsapi.FS, dir string, opts BoxOptions) (Target, error) {
	t := &singleTarget{group: group{ctx: ctx, fs: fsys}, dir: dir, version: opts.Version}
	return t, makeEmptyDir(ctx, fsys, dir)
}

// Add implements [Target].
func (t *singleTarget) Add(m *Mail) (Loss, error) {
	t.n++
	meta, lost := toMetadata(m, "")
	path := filepath.Join(t.dir, fmt.Sprintf("u.%d", t.n))
	return lost, t.write(path, time.Time{}, func(w *fsapi.Writer) error {
		box, err := newBox(w, t.version)
		if err != nil {
			return err
		}
		_, err = writeMessage(box, t.version, m, meta)
		return err
	})
}

// multiTarget writes m.1 and, when that is full, m.2, ….
type multiTarget struct {
	appended
	dir  string
	opts BoxOptions
	n    int
	box  *dboxfmt.Writer
	size int64 // of this file in bytes
}

// CreateMultiBoxes returns a Target that writes multi-dbox files m.N into a
// directory, which must be empty or not exist.
func CreateMultiBoxes(ctx context.Context, fsys *fsapi.FS, dir string, opts BoxOptions) (Target, error) {
	return &multiTarget{appended: appended{ctx: ctx, fs: fsys}, dir: dir, opts: opts}, makeEmptyDir(ctx, fsys, dir)
}

// Add implements [Target].
func (t *multiTarget) Add(m *Mail) (Loss, error) {
	if t.file == nil || t.opts.Rotate > 0 && t.size+max(m.Size, 0) >= t.opts.Rotate {
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	meta, lost := toMetadata(m, t.opts.Mailbox)
	err := t.add(func() error {
		msg, err := writeMessage(t.box, t.opts.Version, m, meta)
		if err == nil {
			t.size = msg.End()
		}
		return err
	})
	return lost, err
}

// next begins another file.
func (t *multiTarget) next() (err error) {
	if err := t.end(); err != nil {
		return err
	}
	t.n++
	t.create(filepath.Join(t.dir, fmt.Sprintf("m.%d", t.n)))
	t.size = 0
	t.box, err = newBox(&t.appended, t.opts.Version)
	return err
}

func newBox(w io.Writer, version int) (*dboxfmt.Writer, error) {
	return dboxfmt.NewWriter(w, dboxfmt.NewFileHeader(version, time.Now()), dboxfmt.WriterOptions{})
}

// writeMessage writes a message. Version 2 wants the size first: a text whose
// size is not known is read twice.
func writeMessage(box *dboxfmt.Writer, version int, m *Mail, meta dboxfmt.Metadata) (*dboxfmt.Message, error) {
	size := m.Size
	if version == 3 {
		size = dboxfmt.UnknownSize
	} else if size == UnknownSize {
		r, err := m.Text()
		if err != nil {
			return nil, err
		}
		if size, err = io.Copy(io.Discard, r); err != nil {
			return nil, err
		}
	}
	w, err := box.Create(size)
	if err != nil {
		return nil, err
	}
	if err := copyText(w, m); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return w.Finish(meta)
}
