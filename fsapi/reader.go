package fsapi

import (
	"context"
	"io"
)

// Reader reads a file and waits where Pread would say ErrAgain. A cancelled
// context ends the wait with the context's error; the file stays usable.
type Reader struct {
	ctx context.Context
	f   *File
	off int64
}

var (
	_ io.Reader   = (*Reader)(nil)
	_ io.ReaderAt = (*Reader)(nil)
	_ io.Seeker   = (*Reader)(nil)
	_ io.WriterTo = (*Reader)(nil)
)

// NewReader returns a reader at the start of f. It does not own f: closing is
// the caller's.
func NewReader(ctx context.Context, f *File) *Reader { return &Reader{ctx: ctx, f: f} }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.readSome(p, r.off)
	r.off += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		m, err := r.readSome(p[n:], off+int64(n))
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readSome is one Pread, and the wait for it.
func (r *Reader) readSome(p []byte, off int64) (int, error) {
	f := r.f
	for {
		f.mu.Lock()
		n, err := f.pread(p, off)
		f.saysRead(err)
		seq := f.seq
		f.mu.Unlock()
		if err != ErrAgain {
			if f.fs.budget.urgent.Load() || f.fs.queue.waiting.Load() > 0 {
				f.fs.settle()
			}
			return n, err
		}
		f.fs.settleBudgets()
		if err := f.waitPast(r.ctx, seq); err != nil {
			return 0, err
		}
	}
}

// Seek implements io.Seeker. Seeking from the end waits for the file's length.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	return r.f.seek(&r.off, offset, whence, func() (int64, error) {
		info, err := r.f.Stat(r.ctx)
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	})
}

// WriteTo implements io.WriterTo.
func (r *Reader) WriteTo(w io.Writer) (int64, error) { return copyPooled(w, r) }
