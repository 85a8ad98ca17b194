package fsapi

import (
	"context"
	"io"
	iofs "io/fs"
	"path/filepath"
)

// FS returns an io/fs view of the working directory, for the ecosystem; see
// DirFS.
func (fs *FS) FS() iofs.FS { return fs.DirFS(".") }

// DirFS returns an io/fs view of the directory dir. It implements fs.StatFS,
// fs.ReadDirFS and fs.ReadFileFS, its files io.ReaderAt, io.Seeker and
// io.WriterTo. All calls wait. Like os.DirFS it follows symbolic links, also
// those that lead out of dir.
func (fs *FS) DirFS(dir string) iofs.FS { return dirFS{fs, dir} }

type dirFS struct {
	fs  *FS
	dir string
}

var (
	_ iofs.StatFS      = dirFS{}
	_ iofs.ReadDirFS   = dirFS{}
	_ iofs.ReadFileFS  = dirFS{}
	_ iofs.ReadDirFile = (*viewedDir)(nil)
	_ io.ReaderAt      = (*viewedFile)(nil)
	_ io.WriterTo      = (*viewedFile)(nil)
	_ io.Seeker        = (*viewedFile)(nil)
)

// path returns the path that name means, or an error for names that io/fs does
// not allow.
func (d dirFS) path(op, name string) (string, error) {
	if !iofs.ValidPath(name) {
		return "", pathError(op, name, iofs.ErrInvalid)
	}
	return filepath.Join(d.dir, filepath.FromSlash(name)), nil
}

// Open implements fs.FS. Unlike FS.Open it waits, and fails.
func (d dirFS) Open(name string) (iofs.File, error) {
	info, err := d.Stat(name)
	if err != nil {
		return nil, err
	}
	path, err := d.path("open", name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &viewedDir{fs: d, name: name, info: info}, nil
	}
	f := d.fs.Open(path, ReadOnly)
	if info, err = f.Stat(context.Background()); err != nil {
		f.Close()
		return nil, err
	}
	return &viewedFile{Reader: NewReader(context.Background(), f), info: info}, nil
}

// Stat implements fs.StatFS.
func (d dirFS) Stat(name string) (iofs.FileInfo, error) {
	path, err := d.path("stat", name)
	if err != nil {
		return nil, err
	}
	return d.fs.Stat(context.Background(), path)
}

// ReadDir implements fs.ReadDirFS.
func (d dirFS) ReadDir(name string) ([]iofs.DirEntry, error) {
	path, err := d.path("readdir", name)
	if err != nil {
		return nil, err
	}
	return d.fs.ReadDir(context.Background(), path)
}

// ReadFile implements fs.ReadFileFS.
func (d dirFS) ReadFile(name string) ([]byte, error) {
	path, err := d.path("read", name)
	if err != nil {
		return nil, err
	}
	return d.fs.readWhole(context.Background(), path)
}

// viewedFile is a regular file of the view.
type viewedFile struct {
	*Reader
	info iofs.FileInfo
}

func (f *viewedFile) Stat() (iofs.FileInfo, error) { return f.info, nil }
func (f *viewedFile) Close() error                 { return f.f.Close() }

// viewedDir is a directory of the view.
type viewedDir struct {
	fs      dirFS
	name    string
	info    iofs.FileInfo
	read    bool
	entries []iofs.DirEntry // not handed out yet
	closed  bool
}

func (d *viewedDir) Stat() (iofs.FileInfo, error) { return d.info, nil }

func (d *viewedDir) Read([]byte) (int, error) {
	return 0, pathError("read", d.name, iofs.ErrInvalid)
}

func (d *viewedDir) Close() error {
	if d.closed {
		return pathError("close", d.name, ErrClosed)
	}
	d.closed = true
	return nil
}

// ReadDir implements fs.ReadDirFile.
func (d *viewedDir) ReadDir(n int) ([]iofs.DirEntry, error) {
	if d.closed {
		return nil, pathError("readdir", d.name, ErrClosed)
	}
	if !d.read {
		entries, err := d.fs.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.entries, d.read = entries, true
	}
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	out := d.entries[:n:n]
	d.entries = d.entries[n:]
	return out, nil
}
