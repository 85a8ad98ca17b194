package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
)

// Spool keeps a body that is too large for memory until its size is known: an
// unnamed temporary file, for instance.
type Spool interface {
	io.Writer // appends
	// Reader reads everything written, from the start. Nothing is written any
	// more.
	Reader() (io.Reader, error)
	// Close gives up what was written.
	io.Closer
}

// SpoolOptions are the choices of [Writer.CreateSpooled].
type SpoolOptions struct {
	Memory int                   // bytes to keep in memory before New is called
	New    func() (Spool, error) // not called for bodies that fit
}

// Spooler takes the body of one message of unknown size for a version 2 file.
// Nothing reaches the file before Finish. Unlike a MessageWriter it needs a
// blocking writer and spool: after an error only Close is left.
type Spooler struct {
	w      *Writer
	opts   SpoolOptions
	memory bytes.Buffer // until there is a spool
	spool  Spool
	size   int64
	fail   error // or ErrState when finished or closed
}

// CreateSpooled begins a message whose size is not known. Several may be under
// way at once; each goes into the file when it is finished.
func (w *Writer) CreateSpooled(opts SpoolOptions) *Spooler { return &Spooler{w: w, opts: opts} }

// Write appends p to the body.
func (s *Spooler) Write(p []byte) (int, error) {
	if s.fail != nil {
		return 0, s.fail
	}
	n, err := s.store(p)
	s.size += int64(n)
	s.fail = err
	return n, err
}

func (s *Spooler) store(p []byte) (int, error) {
	if s.spool == nil && s.memory.Len()+len(p) <= s.opts.Memory {
		return s.memory.Write(p)
	}
	if s.spool == nil {
		if err := s.moveToSpool(); err != nil {
			return 0, err
		}
	}
	n, err := s.spool.Write(p)
	if n < len(p) && err == nil {
		err = io.ErrShortWrite
	}
	return n, err
}

func (s *Spooler) moveToSpool() (err error) {
	if s.opts.New == nil {
		return fmt.Errorf("%w: the body exceeds %d bytes and there is no spool", ErrWrongSize, s.opts.Memory)
	}
	if s.spool, err = s.opts.New(); err != nil {
		s.spool = nil
		return err
	}
	_, err = s.memory.WriteTo(s.spool)
	s.memory = bytes.Buffer{}
	return err
}

// Finish writes the message and closes the spool. The metadata is treated as by
// [MessageWriter.Finish]; an [ErrItem] leaves everything as it was, for another
// try. An error of closing the spool comes with the message, which is complete
// all the same.
func (s *Spooler) Finish(meta Metadata) (*Message, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	if _, err := (Block{Metadata: meta.without(lengthItemKey)}).Append(nil, s.w.header); err != nil {
		return nil, err
	}
	msg, err := s.write(meta)
	closed := s.Close()
	if err != nil {
		return nil, err
	}
	return msg, closed
}

func (s *Spooler) write(meta Metadata) (*Message, error) {
	var body io.Reader = &s.memory
	if s.spool != nil {
		var err error
		if body, err = s.spool.Reader(); err != nil {
			return nil, err
		}
	}
	m, err := s.w.Create(s.size)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(m, body); err != nil {
		return nil, s.w.failed(err)
	}
	msg, err := m.Finish(meta)
	if err != nil {
		return nil, s.w.failed(err)
	}
	return msg, nil
}

// Close gives up the body and its spool. After Finish it does nothing.
func (s *Spooler) Close() error {
	if s.fail == nil {
		s.fail = ErrState
	}
	spool := s.spool
	s.spool, s.memory = nil, bytes.Buffer{}
	if spool == nil {
		return nil
	}
	return spool.Close()
}
