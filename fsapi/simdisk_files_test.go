package fsapi

import (
	iofs "io/fs"
	"maps"
	"math/rand"
	"path/filepath"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// simDir is a directory. changes are those since it was last synced, in order.
type simDir struct {
	now, durable map[string]*simInode
	changes      []map[string]*simInode // each is atomic; nil: the name goes
}

func (d *simDir) change(c map[string]*simInode) {
	d.changes = append(d.changes, c)
	apply(d.now, c)
}

func apply(names, c map[string]*simInode) {
	for name, inode := range c {
		if inode == nil {
			delete(names, name)
		} else {
			names[name] = inode
		}
	}
}

func (d *simDir) sync() { d.durable, d.changes = maps.Clone(d.now), nil }

// crashed returns the names after a crash: some of the changes have survived,
// the first few or any.
func (d *simDir) crashed(rng *rand.Rand) map[string]*simInode {
	names := maps.Clone(d.durable)
	first, inOrder := rng.Intn(len(d.changes)+1), rng.Intn(2) == 0
	for i, c := range d.changes {
		if inOrder && i < first || !inOrder && rng.Intn(2) == 0 {
			apply(names, c)
		}
	}
	return names
}

// simInode is a file.
type simInode struct {
	number   uint64
	data     []byte
	mode     iofs.FileMode
	durable  []byte
	modeKept bool

	// Since it was last synced.
	ever             []byte // what was last written at each position, cut off or not
	shortest         int
	lostFrom, lostTo int // written before a sync that failed
}

func (i *simInode) write(p []byte, off int) {
	i.data = overlay(i.data, p, off)
	i.ever = overlay(i.ever, p, off)
	if off <= i.lostFrom && off+len(p) > i.lostFrom {
		i.lostFrom = min(i.lostTo, off+len(p))
	}
}

// overlay returns data with p at off; what is between is zero.
func overlay(data, p []byte, off int) []byte {
	if n := off + len(p); n > len(data) {
		data = append(data, make([]byte, n-len(data))...)
	}
	copy(data[off:], p)
	return data
}

func (i *simInode) truncate(n int) {
	i.data = append(i.data[:min(n, len(i.data))], make([]byte, max(0, n-len(i.data)))...)
	i.shortest, i.lostTo = min(i.shortest, n), min(i.lostTo, n)
}

func (i *simInode) sync(mode bool) {
	i.durable = append([]byte(nil), i.data...)
	if i.lostFrom < i.lostTo {
		clear(i.durable[i.lostFrom:i.lostTo])
	}
	i.modeKept = i.modeKept || mode
	i.ever, i.shortest = append([]byte(nil), i.data...), len(i.data)
}

func (i *simInode) syncFailed() {
	if len(i.durable) < len(i.data) {
		i.lostFrom, i.lostTo = len(i.durable), len(i.data)
	}
}

// crashed returns the content after a crash.
func (i *simInode) crashed(rng *rand.Rand) string {
	n, longest := i.shortest, max(len(i.ever), len(i.durable))
	switch n = min(n, len(i.durable)); rng.Intn(3) {
	case 0:
		n = longest
	case 1:
		n += rng.Intn(longest - n + 1)
	}
	out := make([]byte, n)
	const sector = 512
	for from := 0; from < n; from += sector {
		to := min(from+sector, n)
		copy(out[from:to], i.durable[min(from, len(i.durable)):])
		if rng.Intn(2) == 0 && from < len(i.ever) {
			copy(out[from:to], i.ever[from:])
		}
	}
	return string(out)
}

// afterCrash returns what is there when the power comes back.
func (d *simDisk) afterCrash(seed int64) (files map[string]string, modes map[string]iofs.FileMode) {
	rng := rand.New(rand.NewSource(seed))
	files, modes = map[string]string{}, map[string]iofs.FileMode{}
	contents := map[*simInode]string{}
	for dir, dd := range d.dirs {
		for name, inode := range dd.crashed(rng) {
			if _, ok := contents[inode]; !ok {
				contents[inode] = inode.crashed(rng)
			}
			path := filepath.Join(dir, name)
			files[path] = contents[inode]
			if inode.modeKept {
				modes[path] = inode.mode
			}
		}
	}
	return files, modes
}

// live returns what is there now.
func (d *simDisk) live() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string]string{}
	for dir, dd := range d.dirs {
		for name, inode := range dd.now {
			files[filepath.Join(dir, name)] = string(inode.data)
		}
	}
	return files
}

// failSync is what a failing sync does all the same.
func (d *simDisk) failSync(op *backend.Op) {
	if inode, ok := inodeOf(op); ok && (op.Kind == backend.OpSync || op.Kind == backend.OpDatasync) {
		inode.syncFailed()
	}
}

func inodeOf(op *backend.Op) (*simInode, bool) {
	if op.Handle == nil {
		return nil, false
	}
	inode, ok := op.Handle.Private.(*simInode)
	return inode, ok
}

func (d *simDisk) lookUp(path string) (dir *simDir, name string, inode *simInode) {
	dir, name = d.dirs[filepath.Dir(path)], filepath.Base(path)
	if dir != nil {
		inode = dir.now[name]
	}
	return dir, name, inode
}

func (d *simDisk) execute(op *backend.Op) error {
	inode, _ := inodeOf(op)
	switch op.Kind {
	case backend.OpOpen:
		return d.open(op)
	case backend.OpRead:
		op.N = copy(op.Buf, inode.data[min(op.Off, int64(len(inode.data))):])
		op.EOF = op.N < len(op.Buf)
	case backend.OpWrite:
		inode.write(op.Buf, int(op.Off))
		op.N = len(op.Buf)
	case backend.OpWritev:
		for _, b := range op.Bufs {
			inode.write(b, int(op.Off)+op.N)
			op.N += len(b)
		}
	case backend.OpSync, backend.OpDatasync:
		if dir, ok := op.Handle.Private.(*simDir); ok {
			dir.sync()
		} else {
			inode.sync(op.Kind == backend.OpSync)
		}
	case backend.OpSyncRange:
	case backend.OpTruncate:
		inode.truncate(int(op.Off))
	case backend.OpStat:
		if inode == nil {
			_, _, inode = d.lookUp(op.Path)
		}
		if inode == nil {
			return syscall.ENOENT
		}
		op.Info = backend.Info{Size: int64(len(inode.data)), Mode: inode.mode, Dev: 1, Inode: inode.number}
	case backend.OpRename:
		return d.rename(op)
	case backend.OpLink:
		_, _, inode := d.lookUp(op.Path)
		dir, name, there := d.lookUp(op.NewPath)
		switch {
		case inode == nil:
			return syscall.ENOENT
		case there != nil:
			return syscall.EEXIST
		}
		dir.change(map[string]*simInode{name: inode})
	case backend.OpUnlink:
		dir, name, inode := d.lookUp(op.Path)
		if inode == nil {
			return syscall.ENOENT
		}
		dir.change(map[string]*simInode{name: nil})
	default:
		return syscall.ENOSYS
	}
	return nil
}

func (d *simDisk) open(op *backend.Op) error {
	if op.Open&backend.OpenDirectory != 0 {
		op.Handle.Private = d.dirs[op.Path]
		return nil
	}
	fresh := &simInode{number: uint64(d.done) + 1, mode: op.Mode}
	if op.Open&backend.OpenUnnamed != 0 {
		if d.noUnnamed {
			return backend.ErrUnsupported
		}
		op.Handle.Private = fresh
		return nil
	}
	dir, name, inode := d.lookUp(op.Path)
	switch {
	case inode != nil && op.Open&backend.OpenExclusive != 0:
		return syscall.EEXIST
	case inode == nil && op.Open&backend.OpenCreate == 0:
		return syscall.ENOENT
	case inode == nil:
		inode = fresh
		dir.change(map[string]*simInode{name: inode})
	}
	op.Handle.Private = inode
	return nil
}

func (d *simDisk) rename(op *backend.Op) error {
	from, old, inode := d.lookUp(op.Path)
	to, name, there := d.lookUp(op.NewPath)
	exchange := op.Rename&backend.RenameExchange != 0
	switch {
	case op.Rename != 0 && d.noFlags:
		return backend.ErrUnsupported
	case inode == nil || exchange && there == nil:
		return syscall.ENOENT
	case op.Rename&backend.RenameNoReplace != 0 && there != nil:
		return syscall.EEXIST
	}
	if !exchange {
		there = nil
	}
	if from == to {
		from.change(map[string]*simInode{old: there, name: inode})
		return nil
	}
	from.change(map[string]*simInode{old: there})
	to.change(map[string]*simInode{name: inode})
	return nil
}
