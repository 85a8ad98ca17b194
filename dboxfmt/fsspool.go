package dboxfmt

import (
	"context"
	"crypto/rand"
	"io"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi"
)

// NewFileSpool returns what [SpoolOptions].New asks for: spools that are
// temporary files in dir. They wait, and end with the context.
//
// A body leaves memory as a file without a name, or with one that starts with
// .temp. as all temporary files of fsapi. To be read again it gets such a name
// for a moment: only a crash just then leaves it behind. No spool has to survive
// a crash, so fsys may be one with fsapi.SyncNever, which saves a sync for each.
func NewFileSpool(ctx context.Context, fsys *fsapi.FS, dir string) func() (Spool, error) {
	return func() (Spool, error) {
		path := filepath.Join(dir, ".temp.spool."+rand.Text())
		f := fsys.Create(path, fsapi.FailIfExists, fsapi.Perm{Mode: 0o600})
		return &fileSpool{ctx: ctx, fsys: fsys, file: f, out: fsapi.NewWriter(ctx, f), path: path}, nil
	}
}

type fileSpool struct {
	ctx   context.Context
	fsys  *fsapi.FS
	file  *fsapi.File
	out   *fsapi.Writer
	path  string
	named bool
}

func (s *fileSpool) Write(p []byte) (int, error) { return s.out.Write(p) }

func (s *fileSpool) Reader() (io.Reader, error) {
	if err := s.out.Commit(); err != nil {
		return nil, err
	}
	// Where an open file must keep its name, Close takes it away.
	s.named = s.fsys.Remove(s.ctx, s.path) != nil
	return fsapi.NewReader(s.ctx, s.file), nil
}

// Close removes the file also when the context has ended.
func (s *fileSpool) Close() error {
	err := s.file.Close()
	if !s.named {
		return err
	}
	s.named = false
	return s.fsys.Remove(context.WithoutCancel(s.ctx), s.path)
}
