//go:build linux && (amd64 || arm64)

package uring

import (
	"slices"
	"strconv"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// User data is a slot's identifier, whose index leaves the bits 24 to 31 free
// for what the entry is to the operation.
const (
	peekMark = 1 << 30 // the read of one byte behind a read
	cutMark  = 1 << 31 // never ran, see ring.cutChain
	markMask = 0xff << 24
)

// cancelData is the user data of a cancellation's own completion: no slot's.
const cancelData = 0

// prepare adds the entry for f's operation, or for the rest of it.
func (s *shard) prepare(f *flight) *sqe {
	op := f.op
	e := s.ring.add()
	e.opcode = opcodes[op.Kind]
	e.userData = uint64(op.Slot)
	e.fd = int32(op.Handle.FD())
	f.owed++
	switch op.Kind {
	case backend.OpRead, backend.OpWrite:
		rest := op.Buf[op.N:]
		e.addr, e.len, e.off = address(&rest[0]), uint32(min(len(rest), s.chunk)), uint64(op.Off)+uint64(op.N)
		if isDirect(op.Handle) {
			e.fd, e.flags = int32(f.place), abi.IOSQE_FLAGS_FIXED_FILE
		} else if i := op.Handle.Registered(); i >= 0 {
			e.fd, e.flags = int32(i), abi.IOSQE_FLAGS_FIXED_FILE
		}
		s.engine.registry.useRegistered(e, rest)
	case backend.OpClose:
		if isDirect(op.Handle) {
			e.fd, e.fileIndex = 0, f.place+1
		}
	case backend.OpReadv, backend.OpWritev:
		f.iov = vectors(f.iov[:0], op.Bufs, op.N, s.chunk)
		e.addr, e.len, e.off = address(&f.iov[0]), uint32(len(f.iov)), uint64(op.Off)+uint64(op.N)
	case backend.OpDatasync:
		e.opFlags = abi.IORING_FSYNC_DATASYNC
	case backend.OpSyncRange:
		e.off, e.len, e.opFlags = uint64(op.Off), uint32(op.Len), unix.SYNC_FILE_RANGE_WRITE
	case backend.OpTruncate:
		e.off = uint64(op.Off)
	case backend.OpAllocate:
		e.off, e.addr, e.len = uint64(op.Off), uint64(op.Len), unix.FALLOC_FL_KEEP_SIZE
	default:
		preparePath(e, f)
	}
	return e
}

// preparePath fills in the operations that take names.
func preparePath(e *sqe, f *flight) {
	op := f.op
	switch op.Kind {
	case backend.OpOpen:
		e.opFlags, e.len = uint32(backend.OpenFlags(op)), backend.UnixMode(op.Mode)
		if f.place > 0 {
			e.openDirectly(f.place)
		}
		dir, name := backend.OpenName(op)
		f.prepareName(e, dir, name)
		return
	case backend.OpMkdir:
		e.len = backend.UnixMode(op.Mode)
	case backend.OpUnlink:
		if op.Directory {
			e.opFlags = unix.AT_REMOVEDIR
		}
	case backend.OpStat:
		prepareStat(e, f)
		return
	case backend.OpRename:
		e.opFlags = renameFlags(op.Rename)
		f.prepareNewPath(e)
	case backend.OpLink:
		f.prepareNewPath(e)
		if op.Handle.IsOpen() {
			f.path = append(strconv.AppendInt(append(f.path[:0], "/proc/self/fd/"...), int64(op.Handle.FD()), 10), 0)
			e.fd, e.addr, e.opFlags = unix.AT_FDCWD, address(&f.path[0]), unix.AT_SYMLINK_FOLLOW
			return
		}
	default: // OpNop, OpSync
		return
	}
	f.preparePath(e)
}

func prepareStat(e *sqe, f *flight) {
	if f.statx == nil {
		f.statx = new(unix.Statx_t)
	}
	e.len, e.off = unix.STATX_BASIC_STATS, address(f.statx)
	if !f.op.Handle.IsOpen() {
		f.preparePath(e)
		return
	}
	f.path = append(f.path[:0], 0)
	e.addr, e.opFlags = address(&f.path[0]), unix.AT_EMPTY_PATH
}

func (f *flight) preparePath(e *sqe) { f.prepareName(e, unix.AT_FDCWD, f.op.Path) }

func (f *flight) prepareName(e *sqe, dir int, name string) {
	f.path = append(append(f.path[:0], name...), 0)
	e.fd, e.addr = int32(dir), address(&f.path[0])
}

func (f *flight) prepareNewPath(e *sqe) {
	here := int32(unix.AT_FDCWD)
	f.newPath = append(append(f.newPath[:0], f.op.NewPath...), 0)
	e.len, e.off = uint32(here), address(&f.newPath[0])
}

func renameFlags(r backend.RenameFlag) (flags uint32) {
	if r&backend.RenameNoReplace != 0 {
		flags |= unix.RENAME_NOREPLACE
	}
	if r&backend.RenameExchange != 0 {
		flags |= unix.RENAME_EXCHANGE
	}
	return flags
}

// vectors appends to iov what is left of bufs after their first skip bytes, at
// most room bytes and what the kernel takes at once.
func vectors(iov []unix.Iovec, bufs [][]byte, skip, room int) []unix.Iovec {
	iov = slices.Grow(iov, min(len(bufs), maxVectors))
	for _, b := range bufs {
		if skip >= len(b) {
			skip -= len(b)
			continue
		}
		b = b[skip:]
		skip = 0
		b = b[:min(len(b), room)]
		v := unix.Iovec{Base: &b[0]}
		v.SetLen(len(b))
		iov = append(iov, v)
		if room -= len(b); room == 0 || len(iov) == maxVectors {
			break
		}
	}
	return iov
}

// address of memory that the flight keeps alive.
func address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }
