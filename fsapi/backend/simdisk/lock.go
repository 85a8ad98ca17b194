package simdisk

import (
	"fmt"
	"io/fs"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TryLock implements backend.Locker. A lock is no operation of the disk; when
// the power is gone there are no new ones.
func (d *Disk) TryLock(h *backend.Handle, path string, kind backend.LockKind) (backend.Lock, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !h.IsOpen():
		return nil, false, fmt.Errorf("%w: lock of a handle that is not open", backend.ErrInvalid)
	case d.dead:
		return nil, false, &fs.PathError{Op: "lock", Path: path, Err: syscall.EIO}
	}
	n := opened(h).node
	switch {
	case n.isDir() && kind == backend.LockRecord:
		return nil, false, &fs.PathError{Op: "lock", Path: path, Err: syscall.EISDIR}
	case n.locked[kind]:
		return nil, true, nil
	}
	n.locked[kind] = true
	return &lock{d, n, kind}, false, nil
}

type lock struct {
	disk *Disk
	node *node
	kind backend.LockKind
}

// Unlock implements backend.Lock.
func (l *lock) Unlock() error {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	l.node.locked[l.kind] = false
	return nil
}
