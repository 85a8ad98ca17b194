package fsapi

import (
	"context"
	"errors"
	"io"

	"github.com/ringbox/ringbox/fsapi/backend"
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
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.off
	case io.SeekEnd:
		info, err := r.f.Stat(r.ctx)
		if err != nil {
			return 0, err
		}
		offset += info.Size()
	default:
		return 0, pathError("seek", r.f.Path(), backend.ErrInvalid)
	}
	if offset < 0 {
		return 0, pathError("seek", r.f.Path(), &backend.OffsetError{Off: offset, Err: backend.ErrInvalid})
	}
	r.off = offset
	return offset, nil
}

// copySize is what WriteTo and ReadFrom move at a time, in bytes.
const copySize = 128 << 10

// WriteTo implements io.WriterTo.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	b := newBuffer(copySize)
	defer b.free()
	total := int64(0)
	for {
		n, err := r.Read(b.mem)
		if n > 0 {
			m, werr := w.Write(b.mem[:n])
			total += int64(m)
			if werr != nil {
				return total, werr
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
