package fsapi

import (
	"context"
	"io"
)

// Writer writes to a file and waits where Write and Commit would say ErrAgain.
// A cancelled context ends the wait with the context's error; the file stays
// usable, and a commit that has been started goes on.
type Writer struct {
	ctx context.Context
	f   *File
}

var (
	_ io.Writer     = (*Writer)(nil)
	_ io.ReaderFrom = (*Writer)(nil)
)

// NewWriter returns a writer that appends to f. It does not own f: closing is
// the caller's.
func NewWriter(ctx context.Context, f *File) *Writer { return &Writer{ctx: ctx, f: f} }

// Write implements io.Writer: it takes all of p or fails.
func (w *Writer) Write(p []byte) (int, error) {
	f, n := w.f, 0
	for {
		f.mu.Lock()
		m, err := f.writeSome(p[n:])
		f.says(err)
		seq := f.seq
		f.mu.Unlock()
		n += m
		if err != ErrAgain && (err != nil || n == len(p)) {
			f.fs.settle()
			return n, err
		}
		if err == ErrAgain {
			f.fs.settleBudgets()
			if err := f.waitPast(w.ctx, seq); err != nil {
				return n, err
			}
		}
	}
}

// ReadFrom implements io.ReaderFrom.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) { return copyPooled(w, r) }

// Commit is File.Commit, waiting for the result.
func (w *Writer) Commit() error { return w.f.awaitCommit(w.ctx, "") }

// CommitAs is File.CommitAs, waiting for the result.
func (w *Writer) CommitAs(filename string) error {
	if filename == "" {
		return w.f.CommitAs("")
	}
	return w.f.awaitCommit(w.ctx, filename)
}
