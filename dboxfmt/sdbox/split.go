package sdbox

import (
	"context"
	"errors"
	"io"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// split makes a file with several messages, which a repair has found in it, into
// one file for each. The first keeps the UID.
func (r *rebuiltBox) split(ctx context.Context, f *file) error {
	path := r.box.file(f.uid, f.inAlt())
	in := r.fsys.Open(path, fsapi.ReadOnly)
	defer in.Close()
	dec := dboxfmt.NewDecoder(fsapi.NewReader(ctx, in), dboxfmt.DecoderOptions{Name: path})
	uid := f.uid
	var first *fsapi.File
	for {
		m, err := dec.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		out, meta, err := r.extract(ctx, dec, m, r.box.file(uid, f.inAlt()))
		if err != nil {
			return err
		}
		if first == nil { // it takes the place of the file when the others are there
			first, f.meta = out, meta
			defer first.Close()
		} else {
			if err := errors.Join(fsapi.NewWriter(ctx, out).Commit(), out.Close()); err != nil {
				return err
			}
			r.files[uid] = &file{uid: uid, primary: f.primary, alt: f.alt, meta: meta}
			r.note("mailbox %q: uid %d was in the file of uid %d", r.name, uid, f.uid)
		}
		uid = r.next
		r.next++
	}
	r.next = uid
	return fsapi.NewWriter(ctx, first).Commit()
}

// extract copies one message into a file of its own that is not committed yet.
func (r *rebuiltBox) extract(ctx context.Context, dec *dboxfmt.Decoder, m *dboxfmt.Message, path string) (*fsapi.File, dboxfmt.Metadata, error) {
	h, err := dec.Header()
	if err != nil {
		return nil, nil, err
	}
	version := max(h.Version, 2)
	out := r.fsys.Create(path, fsapi.ReplaceIfExists, fsapi.Perm{Mode: 0o600})
	w, err := dboxfmt.NewFileWriter(out, dboxfmt.NewFileHeader(version, r.opts.Now()), dboxfmt.FileWriterOptions{Context: ctx})
	if err != nil {
		return nil, nil, errors.Join(err, out.Close())
	}
	err = func() error {
		to, err := w.Create(m.BodySize)
		if err == nil {
			_, err = io.Copy(to, dec)
		}
		if err == nil {
			_, err = to.Finish(m.Metadata)
		}
		if err == nil {
			err = w.Flush()
		}
		return err
	}()
	if err != nil {
		return nil, nil, errors.Join(err, out.Close())
	}
	return out, m.Metadata, nil
}
