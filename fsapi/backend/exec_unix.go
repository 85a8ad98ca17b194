//go:build linux || darwin

package backend

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// execute does op with ordinary system calls, repeating it as long as the
// errno policy says so.
func execute(op *Op) {
	for {
		err := call(op)
		if err == nil {
			return
		}
		errno, ok := err.(syscall.Errno)
		if !ok {
			op.Fail(err)
			return
		}
		switch Judge(op, errno, false) {
		case Retry:
		case Ignore:
			return
		case Unsupported:
			op.Fail(unsupported(errno))
			return
		default:
			op.Fail(errno)
			return
		}
	}
}

func call(op *Op) error {
	fd := op.Handle.FD()
	switch op.Kind {
	case OpOpen:
		return open(op)
	case OpClose:
		op.Handle.SetFD(-1)
		return unix.Close(fd)
	case OpRead, OpReadv:
		return read(op, fd)
	case OpWrite, OpWritev:
		return write(op, fd)
	case OpSync:
		return fullSync(fd)
	case OpDatasync:
		return dataSync(fd)
	case OpSyncRange:
		return syncRange(fd, op.Off, op.Len)
	case OpTruncate:
		return unix.Ftruncate(fd, op.Off)
	case OpAllocate:
		return allocate(fd, op.Off, op.Len)
	case OpStat:
		return stat(op, fd)
	case OpRename:
		return rename(op)
	case OpLink:
		return link(op, fd)
	case OpUnlink:
		return unlink(op)
	case OpMkdir:
		return unix.Mkdir(op.Path, UnixMode(op.Mode))
	case OpReadDir:
		return readDir(op)
	}
	return nil // OpNop
}

func open(op *Op) error {
	dir, name := OpenName(op)
	fd, err := unix.Openat(dir, name, OpenFlags(op), UnixMode(op.Mode))
	if err != nil {
		return err
	}
	return Opened(op, fd)
}

// OpenName returns what openat takes for an OpOpen: the directory and the name
// in it, if Op.Dir is there and Path ends in a name, or else all of Path.
func OpenName(op *Op) (dir int, name string) {
	fd := op.Dir.FD()
	slash := strings.LastIndexByte(op.Path, '/')
	base := op.Path[slash+1:]
	if fd < 0 || base == "" || base == "." || base == ".." {
		return unix.AT_FDCWD, op.Path
	}
	return fd, base
}

// Opened ends a successful OpOpen, whoever made the system call: it gives a
// created file the permissions that were asked for and hands fd to the handle.
// If that fails, fd is closed and a file that this operation created is
// removed.
func Opened(op *Op, fd int) error {
	if op.Open&(OpenCreate|OpenUnnamed) != 0 {
		if err := fixPermissions(op, fd); err != nil {
			unix.Close(fd)
			if op.Open&(OpenExclusive|OpenUnnamed) == OpenExclusive {
				unix.Unlink(op.Path)
			}
			return err
		}
	}
	op.Handle.SetFD(fd)
	return nil
}

// fixPermissions makes mode and group exact. The look at the inode that is
// open costs next to nothing; most files need no more.
func fixPermissions(op *Op, fd int) error {
	if !op.Exact && op.Group == nil {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	mode := uint32(st.Mode) & 0o7777
	// The group first: changing it may clear the set-id bits.
	if op.Group != nil && int(st.Gid) != *op.Group {
		if err := unix.Fchown(fd, -1, *op.Group); err != nil {
			return err
		}
		mode &^= unix.S_ISUID | unix.S_ISGID
	}
	if op.Exact && mode != UnixMode(op.Mode) {
		return unix.Fchmod(fd, UnixMode(op.Mode))
	}
	return nil
}

// OpenFlags returns the flags of open(2) for op.
func OpenFlags(op *Op) int {
	flags := unix.O_CLOEXEC | unix.O_NOCTTY
	if op.Open&(OpenWrite|OpenCreate|OpenUnnamed) != 0 {
		flags |= unix.O_RDWR
	}
	if op.Open&OpenCreate != 0 {
		flags |= unix.O_CREAT
	}
	if op.Open&OpenExclusive != 0 {
		flags |= unix.O_EXCL
	}
	if op.Open&OpenTruncate != 0 {
		flags |= unix.O_TRUNC
	}
	if op.Open&OpenDirectory != 0 {
		flags |= unix.O_DIRECTORY
	}
	if op.Open&OpenUnnamed != 0 {
		flags |= unnamedFlag
	}
	return flags
}

// UnixMode returns the permission and set-id bits of m as mode_t has them.
func UnixMode(m fs.FileMode) uint32 {
	mode := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		mode |= unix.S_ISUID
	}
	if m&fs.ModeSetgid != 0 {
		mode |= unix.S_ISGID
	}
	if m&fs.ModeSticky != 0 {
		mode |= unix.S_ISVTX
	}
	return mode
}

// GoMode turns a mode_t into Go's form.
func GoMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	case unix.S_IFBLK:
		m |= fs.ModeDevice
	case unix.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	}
	if mode&unix.S_ISUID != 0 {
		m |= fs.ModeSetuid
	}
	if mode&unix.S_ISGID != 0 {
		m |= fs.ModeSetgid
	}
	if mode&unix.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// read goes on after short reads until a read of 0 bytes: nothing else is the
// end of a file.
func read(op *Op, fd int) error {
	for op.N < op.Size() {
		n, err := preadSome(op, fd)
		if err != nil {
			return err
		}
		if n == 0 {
			op.EOF = true
			return nil
		}
		op.N += n
	}
	return nil
}

func write(op *Op, fd int) error {
	for op.N < op.Size() {
		n, err := pwriteSome(op, fd)
		if err != nil {
			return err
		}
		if n == 0 { // a file that takes nothing and says nothing
			return syscall.EIO
		}
		op.N += n
	}
	return nil
}

func preadSome(op *Op, fd int) (int, error) {
	if op.Kind == OpReadv {
		return preadv(fd, Rest(op.Bufs, op.N), op.Off+int64(op.N))
	}
	return unix.Pread(fd, op.Buf[op.N:], op.Off+int64(op.N))
}

func pwriteSome(op *Op, fd int) (int, error) {
	if op.Kind == OpWritev {
		return pwritev(fd, Rest(op.Bufs, op.N), op.Off+int64(op.N))
	}
	return unix.Pwrite(fd, op.Buf[op.N:], op.Off+int64(op.N))
}

// Rest returns what is left of bufs after their first n bytes. It copies the
// slice headers only if it has to cut a buffer.
func Rest(bufs [][]byte, n int) [][]byte {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n == 0 {
		return bufs
	}
	rest := append([][]byte(nil), bufs...)
	rest[0] = rest[0][n:]
	return rest
}

func stat(op *Op, fd int) error {
	var st unix.Stat_t
	var err error
	if fd >= 0 {
		err = unix.Fstat(fd, &st)
	} else {
		err = unix.Stat(op.Path, &st)
	}
	if err != nil {
		return err
	}
	op.Info = Info{
		Size:    st.Size,
		Mode:    GoMode(uint32(st.Mode)),
		ModTime: time.Unix(st.Mtim.Unix()),
		Dev:     uint64(st.Dev),
		Inode:   st.Ino,
		Links:   uint64(st.Nlink),
		UID:     st.Uid,
		GID:     st.Gid,
	}
	return nil
}

func unlink(op *Op) error {
	if op.Directory {
		return unix.Rmdir(op.Path)
	}
	return unix.Unlink(op.Path)
}

func readDir(op *Op) error {
	entries, err := os.ReadDir(op.Path)
	op.Entries = entries
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err // op.Fail says operation and path again
	}
	return err
}
