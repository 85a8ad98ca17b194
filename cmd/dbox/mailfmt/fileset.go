package mailfmt

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

// fileSet is a Source that has one mail in each of its files.
type fileSet struct {
	ctx      context.Context
	fs       *fsapi.FS
	paths    []string // still to come
	describe func(*files.File, *Mail)
	file     *files.File // of the mail before
	problem  error       // to be told first; nil: none
}

func (s *fileSet) Next() (*Mail, error) {
	if err := s.Close(); err != nil {
		return nil, err
	}
	if err := s.problem; err != nil {
		s.problem = nil
		return nil, err
	}
	if len(s.paths) == 0 {
		return nil, io.EOF
	}
	path := s.paths[0]
	s.paths = s.paths[1:]
	f, err := files.Open(s.ctx, s.fs, path)
	if cause := context.Cause(s.ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, &Problem{File: path, Reason: reason(err)}
	}
	s.file = f
	m := &Mail{Name: path, Size: f.Size, Text: func() (io.Reader, error) { return f.From(0), nil }}
	s.describe(f, m)
	return m, nil
}

func (s *fileSet) Close() error {
	f := s.file
	s.file = nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// reason leaves out of an error what a Problem says anyway.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
