package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// tree writes all files below a name that DST gets at the end.
func (c *conversion) tree(ctx context.Context, all []files.Found) (err error) {
	lasting := context.WithoutCancel(ctx)
	partial := filepath.Clean(c.options.dst) + ".partial"
	if err := mailfmt.MustNotExist(ctx, c.fs, partial); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeTree(lasting, c.fs, partial))
		}
	}()
	if err := mailfmt.MakeDir(lasting, c.fs, partial); err != nil {
		return err
	}
	for _, f := range all {
		if err := mailfmt.MakeDir(lasting, c.fs, filepath.Dir(filepath.Join(partial, f.Rel))); err != nil {
			return err
		}
	}
	if err := c.files(ctx, all, func(f files.Found) string { return filepath.Join(partial, f.Rel) }); err != nil {
		return err
	}
	if err := mailfmt.MustNotExist(ctx, c.fs, c.options.dst); err != nil {
		return err
	}
	return c.publish(lasting, partial)
}

// publish gives the tree its name; if that does not become durable, it takes it
// back.
func (c *conversion) publish(ctx context.Context, partial string) error {
	if err := c.fs.Rename(ctx, partial, c.options.dst); err != nil {
		return err
	}
	err := c.fs.SyncDir(ctx, filepath.Dir(partial))
	if err != nil {
		err = errors.Join(err, c.fs.Rename(ctx, c.options.dst, partial))
	}
	return err
}

// removeTree removes what a failed conversion has written.
func removeTree(ctx context.Context, fs *fsapi.FS, dir string) error {
	entries, err := fs.ReadDir(ctx, dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = errors.Join(err, removeTree(ctx, fs, path))
		} else {
			err = errors.Join(err, fs.Remove(ctx, path))
		}
	}
	return errors.Join(err, fs.Remove(ctx, dir))
}
