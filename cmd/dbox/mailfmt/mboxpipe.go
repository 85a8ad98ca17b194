package mailfmt

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/ringbox/ringbox/cmd/dbox/mbox"
	"github.com/ringbox/ringbox/fsapi"
)

// IsPipe reports whether a location is standard input or output: mbox:-.
func (l Location) IsPipe() bool { return l.Format == Mbox && l.Path == "-" }

// ReadMbox returns the mails of an mbox that comes from a stream. It is read to
// its end into a temporary file first, for a text may be needed twice.
func ReadMbox(ctx context.Context, fsys *fsapi.FS, r io.Reader) (Source, error) {
	f, err := os.CreateTemp("", "dbox-mbox-*")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, &interruptible{ctx, r})
	if err = errors.Join(err, f.Close()); err == nil {
		var s Source
		if s, err = OpenMbox(ctx, fsys, f.Name()); err == nil {
			s.(*mboxSource).name = "standard input"
			return &temporarySource{s, f.Name()}, nil
		}
	}
	return nil, errors.Join(err, os.Remove(f.Name()))
}

// interruptible ends when its context does, after the read that is under way.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := context.Cause(i.ctx); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// temporarySource is a Source whose file goes when it is closed.
type temporarySource struct {
	Source
	path string
}

func (s *temporarySource) Close() error { return errors.Join(s.Source.Close(), os.Remove(s.path)) }

// mboxPipe writes an mbox to a stream. There nothing can be taken back: what is
// committed is what has been written.
type mboxPipe struct {
	buffered  *bufio.Writer
	out       *mbox.Writer
	added     int
	committed int
}

// WriteMbox returns a Target that writes an mbox to a stream.
func WriteMbox(w io.Writer) Target {
	buffered := bufio.NewWriterSize(w, 64<<10)
	return &mboxPipe{buffered: buffered, out: mbox.NewWriter(buffered)}
}

// Add implements [Target].
func (t *mboxPipe) Add(m *Mail) (Loss, error) {
	err := writeMbox(t.out, m)
	if err == nil {
		t.added++
	}
	return mboxLoses(m), err
}

// Finish implements [Target].
func (t *mboxPipe) Finish() error {
	err := t.buffered.Flush()
	if err == nil {
		t.committed = t.added
	}
	return err
}

// Committed implements [Target].
func (t *mboxPipe) Committed() int { return t.committed }
