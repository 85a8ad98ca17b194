package mailfmt

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/mbox"
	"github.com/ringbox/ringbox/fsapi"
)

// mboxSource reads the mails of an mbox file.
type mboxSource struct {
	file *files.File
	name string // for people
	r    *mbox.Reader
	n    int
}

// OpenMbox returns the mails of an mbox file.
func OpenMbox(ctx context.Context, fsys *fsapi.FS, path string) (Source, error) {
	f, err := files.Open(ctx, fsys, path)
	if err != nil {
		return nil, err
	}
	return &mboxSource{file: f, name: path, r: mbox.NewReader(f.From(0))}, nil
}

func (s *mboxSource) Next() (*Mail, error) {
	m, err := s.r.Next()
	if errors.Is(err, mbox.ErrFormat) {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if err != nil {
		return nil, err
	}
	s.n++
	first := true
	return &Mail{
		Name: fmt.Sprintf("%s, message %d", s.name, s.n), Size: UnknownSize,
		Received: m.Date, Sender: sender(m.Sender), Keywords: m.Keywords,
		Flags: Flags{Answered: m.Answered, Flagged: m.Flagged, Deleted: m.Deleted, Seen: m.Seen, Draft: m.Draft},
		Text: func() (io.Reader, error) {
			if first {
				first = false
				return s.r, nil
			}
			again := mbox.NewReader(s.file.From(m.Offset))
			_, err := again.Next()
			return again, err
		},
	}, nil
}

// sender leaves out what stands for no sender at all.
func sender(name string) string {
	if name == "MAILER-DAEMON" || name == "-" {
		return ""
	}
	return name
}

func (s *mboxSource) Close() error { return s.file.Close() }
