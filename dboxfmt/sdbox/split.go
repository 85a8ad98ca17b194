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
	perm, err := permOf(ctx, in)
	if err != nil {
		return err
	}
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
		out, meta, err := r.extract(ctx, dec, m, r.fsys.Create(r.box.file(uid, f.inAlt()), fsapi.ReplaceIfExists, perm))
		if err != nil {
			return err
		}
		if first != nil && r.extracted(m) {
			if err := out.Close(); err != nil {
				return err
			}
			continue
		}
		if first == nil { // it takes the place of the file when the others are there
			first, f.meta, f.size = out, meta, m.BodySize
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

// extracted reports whether a rebuild that has died has made a file of a message
// that is still in another one.
func (r *rebuiltBox) extracted(m *dboxfmt.Message) bool {
	guid, err := m.Metadata.GUID()
	if err != nil {
		return false
	}
	for uid, f := range r.files {
		if r.known.Messages[uid] == nil && f.size == m.BodySize {
			if other, err := f.meta.GUID(); err == nil && other == guid {
				return true
			}
		}
	}
	return false
}

// permOf are the permissions of a file.
func permOf(ctx context.Context, f *fsapi.File) (perm fsapi.Perm, err error) {
	info, err := f.Stat(ctx)
	if err != nil {
		return perm, err
	}
	perm.Mode = info.Mode().Perm()
	if id, ok := info.Sys().(fsapi.Info); ok && id.Inode != 0 {
		gid := int(id.GID)
		perm.Group = &gid
	}
	return perm, nil
}

// extract copies one message into out, which is not committed.
func (r *rebuiltBox) extract(ctx context.Context, dec *dboxfmt.Decoder, m *dboxfmt.Message, out *fsapi.File) (*fsapi.File, dboxfmt.Metadata, error) {
	h, err := dec.Header()
	if err != nil {
		return nil, nil, errors.Join(err, out.Close())
	}
	version := max(h.Version, 2)
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
