package mailfmt

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi"
)

var errNotEmpty = errors.New("the directory is not empty")

// MakeDir makes a directory and those above it that are missing, and makes their
// names durable.
func MakeDir(ctx context.Context, fsys *fsapi.FS, dir string) error {
	var parents []string // of the new ones
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		_, err := fsys.Stat(ctx, at)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parents = append(parents, filepath.Dir(at))
	}
	if err := fsys.MkdirAll(ctx, dir, 0o700); err != nil {
		return err
	}
	for _, parent := range parents {
		if err := fsys.SyncDir(ctx, parent); err != nil {
			return err
		}
	}
	return nil
}

// makeEmptyDir makes a directory, or makes sure that the one there is empty.
func makeEmptyDir(ctx context.Context, fsys *fsapi.FS, dir string) error {
	entries, err := fsys.ReadDir(ctx, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return MakeDir(ctx, fsys, dir)
	case err == nil && len(entries) > 0:
		return &fs.PathError{Op: "create", Path: dir, Err: errNotEmpty}
	}
	return err
}

// MustNotExist is for what gets its name at the commit, at the end of the work:
// the mistake is told before. The commit checks again.
func MustNotExist(ctx context.Context, fsys *fsapi.FS, path string) error {
	_, err := fsys.Stat(ctx, path)
	switch {
	case err == nil:
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}
