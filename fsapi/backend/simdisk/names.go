package simdisk

import (
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

const maxName = 255 // bytes

// clean returns a path from the root, with slashes.
func clean(p string) string {
	return path.Clean("/" + filepath.ToSlash(p[len(filepath.VolumeName(p)):]))
}

// locate returns the directory of a path, the last name of it, and what has that
// name, nil if nobody. The root is in no directory.
func (d *Disk) locate(p string) (dir *node, name string, n *node, err error) {
	n = d.root
	for _, next := range strings.Split(clean(p), "/") {
		switch {
		case next == "":
			continue
		case n == nil:
			return nil, "", nil, syscall.ENOENT
		case !n.isDir():
			return nil, "", nil, syscall.ENOTDIR
		case len(next) > maxName:
			return nil, "", nil, syscall.ENAMETOOLONG
		}
		dir, name, n = n, next, n.names[next]
	}
	return dir, name, n, nil
}

// existing is locate for what must be there.
func (d *Disk) existing(p string) (dir *node, name string, n *node, err error) {
	dir, name, n, err = d.locate(p)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	return dir, name, n, err
}

func (d *Disk) stat(op *backend.Op) error {
	if op.Handle.IsOpen() {
		op.Info = opened(op.Handle).node.info()
		return nil
	}
	_, _, n, err := d.existing(op.Path)
	if err == nil {
		op.Info = n.info()
	}
	return err
}

func (d *Disk) mkdir(op *backend.Op) error {
	dir, name, n, err := d.locate(op.Path)
	switch {
	case err != nil:
		return err
	case n != nil:
		return syscall.EEXIST
	}
	d.change(edit{dir: dir, name: name, node: d.newNode(fs.ModeDir | op.Mode&(fs.ModePerm|fs.ModeSticky)&^d.opts.Umask)})
	return nil
}

func (d *Disk) readDir(op *backend.Op) error {
	_, _, n, err := d.existing(op.Path)
	switch {
	case err != nil:
		return err
	case !n.isDir():
		return syscall.ENOTDIR
	}
	for _, name := range slices.Sorted(maps.Keys(n.names)) {
		op.Entries = append(op.Entries, fs.FileInfoToDirEntry(entry{name, n.names[name].info()}))
	}
	return nil
}

func (d *Disk) link(op *backend.Op) error {
	var n *node
	if op.Handle.IsOpen() {
		n = opened(op.Handle).node
	} else {
		var err error
		if _, _, n, err = d.existing(op.Path); err != nil {
			return err
		}
	}
	dir, name, there, err := d.locate(op.NewPath)
	switch {
	case err != nil:
		return err
	case there != nil:
		return syscall.EEXIST
	case n.isDir():
		return syscall.EPERM
	case n.links == 0 && !n.linkable:
		return syscall.ENOENT
	}
	n.linkable = false
	d.change(edit{dir: dir, name: name, node: n})
	return nil
}

func (d *Disk) unlink(op *backend.Op) error {
	dir, name, n, err := d.existing(op.Path)
	switch {
	case err != nil:
		return err
	case dir == nil:
		return syscall.EBUSY
	case n.isDir() && !op.Directory:
		return syscall.EISDIR
	case !n.isDir() && op.Directory:
		return syscall.ENOTDIR
	case len(n.names) > 0:
		return syscall.ENOTEMPTY
	}
	d.change(edit{dir: dir, name: name})
	return nil
}
