package sdbox

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// transaction implements mailstore.Transaction. Each message is a file that has
// no name yet.
type transaction struct {
	box   *box
	saved []*message
	err   error // of a Save, or ErrFinished
}

// message is a message that is to become u.<uid>.
type message struct {
	opts  mailstore.SaveOptions
	file  *fsapi.File // to be committed, or nil:
	from  string      // the temporary name that it has already
	uid   uint32      // once that is known
	named bool        // it has its name, besides from
	alt   bool        // that is in the alternate storage

	attached *attached // of a copy; nil: none
}

// maxOpen is how many files a transaction keeps open. Those before get a
// temporary name, durably, and are closed.
const maxOpen = 64

// Save implements mailstore.Transaction.
func (t *transaction) Save(ctx context.Context, body io.Reader, o mailstore.SaveOptions) error {
	if t.err != nil {
		return t.err
	}
	err := mailstore.CheckKeywords(o.Keywords)
	var m *message
	if err == nil {
		m, err = t.box.write(ctx, body, o)
	}
	if err != nil {
		t.err = t.box.wrap(0, err)
		return t.err
	}
	t.saved = append(t.saved, m)
	if open := openFiles(t.saved); len(open) > maxOpen {
		if err := t.box.park(ctx, open[:len(open)/2]); err != nil {
			t.err = t.box.wrap(0, err)
		}
	}
	return t.err
}

func openFiles(list []*message) (open []*message) {
	for _, m := range list {
		if m.file != nil {
			open = append(open, m)
		}
	}
	return open
}

// write makes the file of a message, without a name.
func (b *box) write(ctx context.Context, body io.Reader, o mailstore.SaveOptions) (*message, error) {
	f := b.store.fsys.Create(filepath.Join(b.dir, "u.new"), fsapi.FailIfExists, b.perm)
	header := dboxfmt.NewFileHeader(b.store.messages.Version, b.store.opts.Now())
	w, err := dboxfmt.NewFileWriter(f, header, dboxfmt.FileWriterOptions{Context: ctx})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	messages := b.store.messages
	messages.Dir = b.dir
	if _, err = messages.Write(ctx, w, body, o, ""); err == nil {
		err = w.Flush()
	}
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &message{opts: o, file: f}, nil
}

// park gives files a temporary name and closes them.
func (b *box) park(ctx context.Context, list []*message) error {
	files, names := make([]*fsapi.File, len(list)), make([]string, len(list))
	for i, m := range list {
		files[i], names[i] = m.file, filepath.Join(b.dir, ".temp."+rand.Text())
	}
	if err := b.store.fsys.CommitAllAs(ctx, files, names); err != nil {
		return err
	}
	var err error
	for i, m := range list {
		err = errors.Join(err, m.file.Close())
		m.file, m.from = nil, names[i]
	}
	return err
}

// Rollback implements mailstore.Transaction.
func (t *transaction) Rollback() error {
	if errors.Is(t.err, mailstore.ErrFinished) {
		return nil
	}
	t.err = mailstore.ErrFinished
	return t.box.discard(t.saved)
}

// discard gives up what is left of messages that got no name.
func (b *box) discard(list []*message) (err error) {
	for _, m := range list {
		if m.file != nil {
			err = errors.Join(err, m.file.Close())
		}
		if m.from != "" {
			err = errors.Join(err, b.store.fsys.Remove(context.Background(), m.from))
		}
	}
	return err
}
