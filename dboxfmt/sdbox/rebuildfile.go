package sdbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// file is the file of a message, or two of them, in a rebuild.
type file struct {
	uid          uint32
	primary, alt bool // where it is
	meta         dboxfmt.Metadata
	size         int64 // of the stored body in bytes
	several      bool  // there is more than one message in it
	repaired     bool
	err          error
}

func (f *file) inAlt() bool { return !f.primary }

func (f *file) paths(b *box) (paths []string) {
	if f.primary {
		paths = append(paths, b.file(f.uid, false))
	}
	if f.alt {
		paths = append(paths, b.file(f.uid, true))
	}
	return paths
}

// message returns what the index is to say of the file.
func (f *file) message(known *mailstore.Salvaged) *message {
	m := &message{uid: f.uid, alt: f.inAlt(), opts: pop3Options(f.meta)}
	if known != nil {
		m.opts.Flags, m.opts.Keywords = known.Flags, known.Keywords
	}
	return m
}

// inspectors is how many files are looked at together.
const inspectors = 16

// inspect reads all files and repairs those that are damaged. Files in which
// there is no message are not among r.files any more.
func (r *rebuiltBox) inspect(ctx context.Context) error {
	work := make(chan *file)
	var wg sync.WaitGroup
	for range inspectors {
		wg.Go(func() {
			for f := range work {
				f.err = r.inspectFile(ctx, f)
			}
		})
	}
	all := r.sorted()
	for _, f := range all {
		work <- f
	}
	close(work)
	wg.Wait()
	var err error
	for _, f := range all {
		if f.repaired {
			r.report.Repaired++
			r.note("mailbox %q: uid %d: its file was repaired", r.name, f.uid)
		}
		if !f.primary && !f.alt {
			delete(r.files, f.uid)
			r.note("mailbox %q: uid %d: there is no message in its file", r.name, f.uid)
		}
		if f.err != nil {
			err = errors.Join(err, wrap("", f.uid, f.err))
		}
	}
	return err
}

func (r *rebuiltBox) inspectFile(ctx context.Context, f *file) (err error) {
	if f.primary {
		if f.primary, err = r.inspectPath(ctx, f, r.box.file(f.uid, false)); err != nil {
			return err
		}
	}
	if f.alt {
		f.alt, err = r.inspectPath(ctx, f, r.box.file(f.uid, true))
	}
	return err
}

// inspectPath returns false if there is no message in the file, which has lost
// its name then.
func (r *rebuiltBox) inspectPath(ctx context.Context, f *file, path string) (bool, error) {
	_, m, err := r.read(ctx, path)
	if errors.Is(err, dboxfmt.ErrCorrupt) || errors.Is(err, dboxfmt.ErrTruncated) {
		if err := r.forgetCache(); err != nil {
			return true, err
		}
		report, failed := dboxfmt.RepairFile(ctx, r.fsys, path, dboxfmt.RepairFileOptions{
			RepairOptions: dboxfmt.RepairOptions{Single: true, Version: r.opts.Version, Created: r.opts.Now()}, RemoveEmpty: true,
		})
		if failed != nil {
			return true, failed
		}
		f.repaired = true
		if report.Messages == 0 {
			return false, nil
		}
		if report.Messages > 1 {
			f.several = true
			return true, nil
		}
		_, m, err = r.read(ctx, path)
	}
	if err != nil {
		return true, err
	}
	f.meta, f.size = m.Metadata, m.BodySize
	return true, nil
}

// settle sees to it that each file is in one place, and has one message.
func (r *rebuiltBox) settle(ctx context.Context) error {
	for _, f := range r.sorted() {
		if f.several {
			if err := r.split(ctx, f); err != nil {
				return wrap("", f.uid, err)
			}
		}
		if f.primary && f.alt {
			if err := r.choose(ctx, f); err != nil {
				return wrap("", f.uid, err)
			}
		}
	}
	return nil
}

// choose keeps the file that the index speaks of. The other one is removed if it
// is the same, as a move to the alternate storage or back leaves it when it dies;
// else it is a message of its own.
func (r *rebuiltBox) choose(ctx context.Context, f *file) error {
	known := r.known.Messages[f.uid]
	alt := known != nil && known.Flags&mailindex.Backend != 0
	same, err := r.identical(ctx, r.box.file(f.uid, false), r.box.file(f.uid, true))
	if err != nil {
		return err
	}
	f.primary, f.alt = !alt, alt
	other := r.box.file(f.uid, !alt)
	r.changed[filepath.Dir(other)] = true
	if same {
		return r.fsys.Remove(ctx, other)
	}
	extra := &file{uid: r.next, primary: alt, alt: !alt}
	r.next++
	if err := r.fsys.Rename(ctx, other, r.box.file(extra.uid, !alt)); err != nil {
		return err
	}
	r.files[extra.uid] = extra
	r.note("mailbox %q: uid %d: there were two different files; one is uid %d now", r.name, f.uid, extra.uid)
	return r.inspectFile(ctx, extra)
}

// identical compares two files.
func (r *rebuiltBox) identical(ctx context.Context, a, b string) (bool, error) {
	x, y := r.fsys.Open(a, fsapi.ReadOnly), r.fsys.Open(b, fsapi.ReadOnly)
	defer x.Close()
	defer y.Close()
	in, other := fsapi.NewReader(ctx, x), fsapi.NewReader(ctx, y)
	p, q := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := io.ReadFull(in, p)
		m, err2 := io.ReadFull(other, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		for _, e := range []error{err, err2} {
			if e != nil && e != io.EOF && e != io.ErrUnexpectedEOF {
				return false, e
			}
		}
		if err != nil || err2 != nil {
			return err != nil && err2 != nil, nil
		}
	}
}
