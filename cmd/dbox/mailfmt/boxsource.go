package mailfmt

import (
	"context"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// boxSource reads the mails of dbox message files.
type boxSource struct {
	ctx    context.Context
	fs     *fsapi.FS
	found  []files.Found // still to come
	file   *files.File
	pieces *files.Pieces
}

// OpenBoxes returns the mails of a dbox message file, or of all that are in a
// directory.
func OpenBoxes(ctx context.Context, fsys *fsapi.FS, path string) (Source, error) {
	found, err := files.Find(ctx, fsys, path)
	if err != nil {
		return nil, err
	}
	return &boxSource{ctx: ctx, fs: fsys, found: found}, nil
}

func (s *boxSource) Next() (*Mail, error) {
	for {
		if s.file == nil {
			if err := s.open(); err != nil {
				return nil, err
			}
		}
		piece, err := s.pieces.Next()
		switch {
		case err == io.EOF:
			if err := s.Close(); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		case piece.Problem != "":
			return nil, s.problem(piece.Offset, piece.Problem)
		default:
			return s.mail(piece.Message)
		}
	}
}

// open opens the next file.
func (s *boxSource) open() error {
	for len(s.found) > 0 && s.found[0].Note != "" {
		s.found = s.found[1:]
	}
	if len(s.found) == 0 {
		return io.EOF
	}
	path := s.found[0].Path
	s.found = s.found[1:]
	f, err := files.Open(s.ctx, s.fs, path)
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	if err != nil {
		return &Problem{File: path, Reason: reason(err)}
	}
	s.file, s.pieces = f, f.Pieces(true)
	return nil
}

func (s *boxSource) problem(offset int64, reason string) *Problem {
	return &Problem{File: s.file.Name, Offset: offset, Reason: reason}
}

func (s *boxSource) mail(msg *dboxfmt.Message) (*Mail, error) {
	box := s.file.Box()
	if err := CheckPlain(box, msg); err != nil {
		if cause := context.Cause(s.ctx); cause != nil {
			return nil, cause
		}
		return nil, s.problem(msg.Offset, reason(err))
	}
	m := &Mail{
		Name: fmt.Sprintf("%s, offset %d", s.file.Name, msg.Offset),
		Text: func() (io.Reader, error) { return PlainText(box, msg) },
	}
	m.Size, _ = msg.PlainSize() // CheckPlain has looked at it
	fromMetadata(m, msg.Metadata)
	return m, nil
}

func (s *boxSource) Close() error {
	f := s.file
	s.file, s.pieces = nil, nil
	if f == nil {
		return nil
	}
	return f.Close()
}
