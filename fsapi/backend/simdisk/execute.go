package simdisk

import (
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// maxSize is how long a file can get.
const maxSize = 64 << 20

// execute does op.
func (d *Disk) execute(op *backend.Op) error {
	switch op.Kind {
	case backend.OpOpen:
		return d.open(op)
	case backend.OpStat:
		return d.stat(op)
	case backend.OpRename:
		return d.rename(op)
	case backend.OpLink:
		return d.link(op)
	case backend.OpUnlink:
		return d.unlink(op)
	case backend.OpMkdir:
		return d.mkdir(op)
	case backend.OpReadDir:
		return d.readDir(op)
	case backend.OpNop:
		return nil
	}
	return d.onHandle(op, opened(op.Handle))
}

// onHandle does what is done to an open file.
func (d *Disk) onHandle(op *backend.Op, f *openNode) error {
	switch op.Kind {
	case backend.OpRead:
		return f.read(op, op.Buf)
	case backend.OpReadv:
		return f.read(op, op.Bufs...)
	case backend.OpWrite:
		return d.write(op, f, op.Buf)
	case backend.OpWritev:
		return d.write(op, f, op.Bufs...)
	case backend.OpSync, backend.OpDatasync:
		d.syncNode(f.node, op.Kind == backend.OpSync)
	case backend.OpTruncate:
		return d.truncate(op, f)
	case backend.OpAllocate:
		if !f.writable && op.Len > 0 {
			return syscall.EBADF
		}
	}
	return nil // a hint
}

func (f *openNode) read(op *backend.Op, bufs ...[]byte) error {
	switch {
	case op.Size() == 0:
		return nil
	case f.node.isDir():
		return syscall.EISDIR
	}
	rest := f.node.data[min(op.Off, int64(len(f.node.data))):]
	for _, b := range bufs {
		op.N += copy(b, rest[min(op.N, len(rest)):])
	}
	op.EOF = op.N < op.Size()
	return nil
}

func (d *Disk) write(op *backend.Op, f *openNode, bufs ...[]byte) error {
	if op.Size() > 0 && !f.writable {
		return syscall.EBADF
	}
	for _, b := range bufs {
		off := op.Off + int64(op.N)
		fits := b[:min(int64(len(b)), max(0, maxSize-off))]
		if len(fits) > 0 {
			f.node.write(fits, int(off))
			f.node.modified = d.opts.Now()
			op.N += len(fits)
		}
		if len(fits) < len(b) {
			return syscall.EFBIG
		}
	}
	return nil
}

func (d *Disk) truncate(op *backend.Op, f *openNode) error {
	switch {
	case !f.writable:
		return syscall.EINVAL
	case op.Off > maxSize:
		return syscall.EFBIG
	}
	f.node.truncate(int(op.Off))
	f.node.modified = d.opts.Now()
	return nil
}

func (d *Disk) syncNode(n *node, metadata bool) {
	if n.isDir() {
		d.sync(n)
		return
	}
	n.content.sync()
	if metadata {
		n.kept = n.mode
	}
}
