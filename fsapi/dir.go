package fsapi

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// The directory operations wait for their result. If the context ends first,
// its error is returned; whether the operation has happened is then unknown.
// None of them makes anything durable: that is SyncDir's business.

// Stat returns what is known about a file; it follows symbolic links.
func (fsys *FS) Stat(ctx context.Context, path string) (fs.FileInfo, error) {
	r := newRequest(nil, roleCleanup, backend.OpStat)
	r.op.Path = path
	return fsys.stat(ctx, r, path, func() {})
}

// Stat returns what is known about the file behind the handle, whatever its
// name is by now. It waits for the open.
func (f *File) Stat(ctx context.Context) (fs.FileInfo, error) {
	for {
		f.mu.Lock()
		err := f.usable("stat")
		switch {
		case err != nil:
		case f.state == fileOpen:
			r := newRequest(nil, roleCleanup, backend.OpStat)
			r.op.Handle, r.op.Path = &f.handle, f.path
			f.inflight++ // keeps the descriptor open
			path := f.path
			f.mu.Unlock()
			defer f.fs.settle() // Close may have waited for this
			return f.fs.stat(ctx, r, path, func() { f.resume(func() { f.inflight-- }) })
		case f.state == fileCreated:
			err = pathError("stat", f.path, fs.ErrNotExist)
		}
		seq := f.seq
		f.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if err := f.waitPast(ctx, seq); err != nil {
			return nil, err
		}
	}
}

func (fsys *FS) stat(ctx context.Context, r *request, path string, after func()) (fs.FileInfo, error) {
	if err := fsys.doThen(ctx, r, after); err != nil {
		return nil, err
	}
	defer freeChain(r)
	if r.op.Err != nil {
		return nil, r.op.Err
	}
	return fileInfo{filepath.Base(path), r.op.Info}, nil
}

// fileInfo is backend.Info as fs.FileInfo; Sys returns the backend.Info.
type fileInfo struct {
	name string
	info backend.Info
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.info.Size }
func (i fileInfo) Mode() fs.FileMode  { return i.info.Mode }
func (i fileInfo) ModTime() time.Time { return i.info.ModTime }
func (i fileInfo) IsDir() bool        { return i.info.Mode.IsDir() }
func (i fileInfo) Sys() any           { return i.info }

// Remove removes a file or an empty directory.
func (fsys *FS) Remove(ctx context.Context, path string) error {
	err := fsys.unlink(ctx, path, false)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// What unlink says about a directory differs between systems.
	if derr := fsys.unlink(ctx, path, true); derr == nil || !isNotDir(derr) {
		return derr
	}
	return err
}

func (fsys *FS) unlink(ctx context.Context, path string, dir bool) error {
	r := newRequest(nil, roleCleanup, backend.OpUnlink)
	r.op.Path, r.op.Directory = path, dir
	return fsys.run(ctx, r)
}

// run does one request of which only the error matters.
func (fsys *FS) run(ctx context.Context, r *request) error {
	if err := fsys.do(ctx, r); err != nil {
		return err
	}
	defer freeChain(r)
	return r.op.Err
}

// Rename gives a file another name, in one step; a file that has that name is
// replaced.
func (fsys *FS) Rename(ctx context.Context, oldpath, newpath string) error {
	r := newRequest(nil, roleCleanup, backend.OpRename)
	r.op.Path, r.op.NewPath = oldpath, newpath
	return fsys.run(ctx, r)
}

// Link gives a file a second name. It fails with fs.ErrExist if newpath exists.
func (fsys *FS) Link(ctx context.Context, oldpath, newpath string) error {
	r := newRequest(nil, roleCleanup, backend.OpLink)
	r.op.Path, r.op.NewPath = oldpath, newpath
	return fsys.run(ctx, r)
}

// MkdirAll makes a directory and those above it that are missing, with the
// permissions perm less the umask. One that is there is no error.
func (fsys *FS) MkdirAll(ctx context.Context, path string, perm fs.FileMode) error {
	err := fsys.mkdir(ctx, path, perm)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path && path != "" {
		if err = fsys.MkdirAll(ctx, filepath.Dir(path), perm); err == nil {
			err = fsys.mkdir(ctx, path, perm)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		info, serr := fsys.Stat(ctx, path)
		if serr != nil {
			return serr
		}
		if info.IsDir() {
			return nil
		}
	}
	return err
}

func (fsys *FS) mkdir(ctx context.Context, path string, perm fs.FileMode) error {
	r := newRequest(nil, roleCleanup, backend.OpMkdir)
	r.op.Path, r.op.Mode = path, perm
	return fsys.run(ctx, r)
}

// ReadDir returns the entries of a directory, sorted by name.
func (fsys *FS) ReadDir(ctx context.Context, path string) ([]fs.DirEntry, error) {
	r := newRequest(nil, roleCleanup, backend.OpReadDir)
	r.op.Path = path
	if err := fsys.do(ctx, r); err != nil {
		return nil, err
	}
	defer freeChain(r)
	return r.op.Entries, r.op.Err
}

// SyncDir makes the names in a directory durable. Calls for one directory share
// syncs, also with commits.
func (fsys *FS) SyncDir(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := fsys.enter(); err != nil {
		return err
	}
	w := &syncDirCall{fs: fsys, done: make(chan error, 1)}
	fsys.dirs.sync(path, w)
	fsys.flush()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

type syncDirCall struct {
	fs   *FS
	done chan error
}

func (w *syncDirCall) dirSynced(err error) {
	w.done <- err
	w.fs.leave()
}
