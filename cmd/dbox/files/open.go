package files

import (
	"context"
	"io"
	"io/fs"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// File is an open file. It belongs to one goroutine.
type File struct {
	Name string
	Size int64     // in bytes, when it was opened
	Time time.Time // of the last change
	Mode fs.FileMode
	f    *fsapi.File
	r    *fsapi.Reader
}

// Open opens a regular file for reading. The context ends every wait for it
// from then on.
func Open(ctx context.Context, fsys *fsapi.FS, name string) (*File, error) {
	f := fsys.Open(name, fsapi.ReadOnly)
	info, err := f.Stat(ctx)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{Name: name, Size: info.Size(), Time: info.ModTime(), Mode: info.Mode().Perm(), f: f, r: fsapi.NewReader(ctx, f)}, nil
}

// ReadAt implements [io.ReaderAt].
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.r.ReadAt(p, off) }

// From returns a reader from an offset on.
func (f *File) From(off int64) io.Reader { return io.NewSectionReader(f, off, 1<<62) }

// Box is the file as a dbox file.
func (f *File) Box() dboxfmt.Source {
	return dboxfmt.Source{Name: f.Name, R: f, Size: f.Size}
}

// Close gives the file back.
func (f *File) Close() error { return f.f.Close() }
