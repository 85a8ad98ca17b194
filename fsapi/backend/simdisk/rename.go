package simdisk

import (
	"fmt"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func (d *Disk) rename(op *backend.Op) error {
	if op.Rename != 0 && d.opts.NoRenameFlags {
		return backend.ErrUnsupported
	}
	from, old, n, err := d.locate(op.Path)
	if err != nil {
		return err
	}
	to, name, there, err := d.locate(op.NewPath)
	switch {
	case err != nil:
		return err
	case from == nil || to == nil:
		return syscall.EBUSY
	}
	exchange := op.Rename&backend.RenameExchange != 0
	switch err := mayRename(op.Rename, n, there, from, to); {
	case err == syscall.EINVAL && op.Rename != 0: // nobody can tell which of the two it is
		return fmt.Errorf("%w: %w", backend.ErrUnsupported, err)
	case err != nil:
		return err
	case n == there:
		return nil
	case exchange:
		d.change(edit{dir: from, name: old, node: there}, edit{dir: to, name: name, node: n})
	default:
		d.change(edit{dir: from, name: old}, edit{dir: to, name: name, node: n})
	}
	return nil
}

// mayRename asks in the order in which Linux does.
func mayRename(how backend.RenameFlag, n, there, from, to *node) error {
	exchange := how&backend.RenameExchange != 0
	switch {
	case n == nil || exchange && there == nil:
		return syscall.ENOENT
	case how&backend.RenameNoReplace != 0 && there != nil:
		return syscall.EEXIST
	case n.isDir() && to.within(n):
		return syscall.EINVAL
	case there == nil || there == n:
		return nil
	case there.isDir() && from.within(there) && exchange:
		return syscall.EINVAL
	case there.isDir() && from.within(there):
		return syscall.ENOTEMPTY
	case exchange:
		return nil
	case n.isDir() && !there.isDir():
		return syscall.ENOTDIR
	case !n.isDir() && there.isDir():
		return syscall.EISDIR
	case len(there.names) > 0:
		return syscall.ENOTEMPTY
	}
	return nil
}
