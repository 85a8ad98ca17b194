package simdisk

import (
	"io/fs"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// openNode is what an open Handle stands for.
type openNode struct {
	node     *node
	writable bool
}

func opened(h *backend.Handle) *openNode { return h.Private.(*openNode) }

// permissions are the bits of a mode that can be asked for.
const permissions = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func (d *Disk) open(op *backend.Op) error {
	n, fresh, err := d.find(op)
	if err != nil {
		return err
	}
	if op.Open&backend.OpenTruncate != 0 && !fresh {
		n.truncate(0)
		n.modified = d.opts.Now()
	}
	d.fixPermissions(op, n, fresh)
	op.Handle.Private = &openNode{n, writes(op)}
	return nil
}

func writes(op *backend.Op) bool {
	return op.Open&(backend.OpenWrite|backend.OpenCreate|backend.OpenUnnamed) != 0
}

// find returns what op opens, which it makes if op says so.
func (d *Disk) find(op *backend.Op) (n *node, fresh bool, err error) {
	dir, name, n, err := d.locate(op.Path)
	has := func(f backend.OpenFlag) bool { return op.Open&f != 0 }
	switch {
	case err != nil:
		return nil, false, err
	case has(backend.OpenUnnamed):
		return d.unnamed(op, n)
	case n == nil && !has(backend.OpenCreate):
		return nil, false, syscall.ENOENT
	case n == nil:
		n = d.newNode(op.Mode & permissions &^ d.opts.Umask)
		d.change(edit{dir: dir, name: name, node: n})
		return n, true, nil
	case has(backend.OpenExclusive) && has(backend.OpenCreate):
		return nil, false, syscall.EEXIST
	case n.isDir() && writes(op):
		return nil, false, syscall.EISDIR
	case !n.isDir() && has(backend.OpenDirectory):
		return nil, false, syscall.ENOTDIR
	}
	return n, false, nil
}

func (d *Disk) unnamed(op *backend.Op, dir *node) (*node, bool, error) {
	switch {
	case d.opts.NoUnnamed:
		return nil, false, backend.ErrUnsupported
	case dir == nil:
		return nil, false, syscall.ENOENT
	case !dir.isDir():
		return nil, false, syscall.ENOTDIR
	}
	n := d.newNode(op.Mode & permissions &^ d.opts.Umask)
	n.linkable = true
	return n, true, nil
}

// fixPermissions gives a created file exactly what was asked for. Until the file
// is synced that may be lost; it may then have been created with a umask that
// leaves nothing to others.
func (d *Disk) fixPermissions(op *backend.Op, n *node, fresh bool) {
	if op.Open&(backend.OpenCreate|backend.OpenUnnamed) == 0 {
		return
	}
	if op.Group != nil {
		n.gid = *op.Group
	}
	if !op.Exact {
		return
	}
	n.mode = op.Mode & permissions
	if fresh {
		n.kept = n.mode &^ 0o077
	}
}
