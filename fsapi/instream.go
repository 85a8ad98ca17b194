package fsapi

import (
	"errors"
	"io"
)

// InputStream reads a file from front to back without ever waiting. It can be
// read from before the file has been opened; a missing file comes out of the
// first Read.
type InputStream struct {
	f   *File
	off int64
}

var _ io.ReadSeeker = (*InputStream)(nil)

// NewInputStream returns a stream at the start of f. It does not own f.
func NewInputStream(f *File) *InputStream { return &InputStream{f: f} }

// Read returns what is there. ErrAgain means that nothing is there yet; the
// input callback fires when that changes.
func (s *InputStream) Read(p []byte) (int, error) {
	n, err := s.f.Pread(p, s.off)
	s.off += int64(n)
	return n, err
}

// Seek implements io.Seeker, for io.SeekStart and io.SeekCurrent only: where
// the end is cannot be known without waiting.
func (s *InputStream) Seek(offset int64, whence int) (int64, error) {
	return s.f.seek(&s.off, offset, whence, func() (int64, error) {
		return 0, pathError("seek", s.f.Path(), errors.ErrUnsupported)
	})
}

// SetCallback sets the input callback of the file; see File.SetInputCallback.
func (s *InputStream) SetCallback(fn func()) { s.f.SetInputCallback(fn) }
