package files

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ringbox/ringbox/fsapi"
)

// Found is what Find has found, in the order of the names.
type Found struct {
	Path string // below the directory that was asked for, or the file itself
	Rel  string // the path within that directory, or the name of the file
	Size int64  // in bytes
	// Note says why the file is not one to work on; empty if it is.
	Note string
}

// Find returns the message files of a path: of a directory, which may be a
// whole store, all m.N and u.N below it, and with a note what else looks as if
// it held messages. Symbolic links to directories are not followed. A path
// that is no directory is a message file, whatever its name is.
func Find(ctx context.Context, fsys *fsapi.FS, path string) ([]Found, error) {
	info, err := fsys.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []Found{{Path: path, Rel: filepath.Base(path), Size: info.Size()}}, nil
	}
	w := walk{ctx: ctx, fs: fsys, root: path}
	err = w.dir("")
	return w.found, err
}

// walk is a Find under way.
type walk struct {
	ctx   context.Context
	fs    *fsapi.FS
	root  string
	found []Found
}

func (w *walk) dir(rel string) error {
	entries, err := w.fs.ReadDir(w.ctx, filepath.Join(w.root, rel))
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, byNumber)
	for _, e := range entries {
		name := filepath.Join(rel, e.Name())
		if e.IsDir() {
			err = w.dir(name)
		} else {
			err = w.file(name, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// byNumber puts u.2 before u.10.
func byNumber(a, b fs.DirEntry) int {
	kindA, numberA := Parse(a.Name())
	kindB, numberB := Parse(b.Name())
	return cmp.Or(cmp.Compare(kindA, kindB), cmp.Compare(numberA, numberB))
}

func (w *walk) file(rel string, e fs.DirEntry) error {
	f := Found{Path: filepath.Join(w.root, rel), Rel: rel}
	switch kind, _ := Parse(rel); {
	case kind == Multi, kind == Single:
		info, err := w.fs.Stat(w.ctx, f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // expunged in the meantime
		}
		if err != nil {
			return err
		}
		f.Size = info.Size()
	case kind == Temporary:
		f.Note = "a temporary file"
	case kind == Broken:
		f.Note = "what a repair has kept"
	case e.Type()&fs.ModeSymlink != 0:
		if info, err := w.fs.Stat(w.ctx, f.Path); err == nil && !info.IsDir() {
			return nil
		}
		f.Note = "a link to another directory, give it as well if it belongs to the store"
	default:
		return nil
	}
	w.found = append(w.found, f)
	return nil
}
