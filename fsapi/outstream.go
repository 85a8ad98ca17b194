package fsapi

import "io"

// OutputStream writes to a file without ever waiting. It has a small buffer of
// its own, so that many small writes are one.
type OutputStream struct {
	f   *File
	buf []byte // not handed on yet
}

var _ io.Writer = (*OutputStream)(nil)

// outputBuffer is the size of a stream's own buffer in bytes.
const outputBuffer = 8 << 10

// NewOutputStream returns a stream that appends to f. It does not own f: what
// was written becomes visible with the file's commit, after Flush.
func NewOutputStream(f *File) *OutputStream { return &OutputStream{f: f} }

// Write takes as much of p as there is room for. When that is not all, the
// error is ErrAgain, and the flush callback fires when there is room.
func (s *OutputStream) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(s.buf) == 0 && len(p)-n >= outputBuffer { // nothing to gain from a copy
			m, err := s.f.Write(p[n:])
			n += m
			if err != nil {
				return n, err
			}
			continue
		}
		if len(s.buf) == outputBuffer {
			if err := s.push(); err != nil {
				return n, err
			}
		}
		if s.buf == nil {
			s.buf = make([]byte, 0, outputBuffer)
		}
		m := min(outputBuffer-len(s.buf), len(p)-n)
		s.buf = append(s.buf, p[n:n+m]...)
		n += m
	}
	return n, nil
}

// push hands some of the buffer on to the file.
func (s *OutputStream) push() error {
	n, err := s.f.Write(s.buf)
	s.buf = append(s.buf[:0], s.buf[n:]...)
	return err
}

// Flush hands everything on to the file. ErrAgain means that the file has no
// room for all of it yet; the flush callback fires when Flush is worth
// repeating. nil does not mean that anything is visible or durable: that is the
// commit's business.
func (s *OutputStream) Flush() error {
	for len(s.buf) > 0 {
		if err := s.push(); err != nil {
			return err
		}
	}
	return nil
}

// SetFlushCallback sets what is called when more can be written, Flush is worth
// repeating, or a pending commit has settled; see File.SetOutputCallback.
func (s *OutputStream) SetFlushCallback(fn func()) { s.f.SetOutputCallback(fn) }
