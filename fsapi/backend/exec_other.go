//go:build !linux && !darwin

package backend

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// This is the portable executor: os.File instead of descriptors. It exists so
// that tools build and run on platforms that no mail server uses; renames that
// exchange, unnamed files, groups and locks are ErrUnsupported there.

func execute(op *Op) {
	if err := call(op); err != nil {
		op.Fail(cause(err))
	}
}

// cause strips what op.Fail adds again.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

func file(h *Handle) *os.File {
	f, _ := h.Private.(*os.File)
	return f
}

func call(op *Op) error {
	switch op.Kind {
	case OpOpen:
		return open(op)
	case OpClose:
		f := file(op.Handle)
		op.Handle.Private = nil
		return f.Close()
	case OpRead, OpReadv:
		return read(op)
	case OpWrite, OpWritev:
		return write(op)
	case OpSync, OpDatasync:
		return syncFile(file(op.Handle))
	case OpTruncate:
		return file(op.Handle).Truncate(op.Off)
	case OpStat:
		return stat(op)
	case OpRename:
		return rename(op)
	case OpLink:
		if op.Handle.IsOpen() {
			return unsupported(errors.ErrUnsupported)
		}
		return os.Link(op.Path, op.NewPath)
	case OpUnlink:
		return unlink(op)
	case OpMkdir:
		return os.Mkdir(op.Path, op.Mode.Perm())
	case OpReadDir:
		entries, err := os.ReadDir(op.Path)
		op.Entries = entries
		return err
	}
	return nil // OpNop, and the hints OpSyncRange and OpAllocate
}

func open(op *Op) error {
	if op.Open&OpenUnnamed != 0 || op.Group != nil {
		return unsupported(errors.ErrUnsupported)
	}
	flags := os.O_RDONLY
	if op.Open&(OpenWrite|OpenCreate) != 0 {
		flags = os.O_RDWR
	}
	if op.Open&OpenCreate != 0 {
		flags |= os.O_CREATE
	}
	if op.Open&OpenExclusive != 0 {
		flags |= os.O_EXCL
	}
	if op.Open&OpenTruncate != 0 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(op.Path, flags, op.Mode.Perm())
	if err != nil {
		return err
	}
	if op.Open&OpenDirectory != 0 {
		if info, err := f.Stat(); err != nil || !info.IsDir() {
			f.Close()
			return errors.Join(err, ErrInvalid)
		}
	}
	if op.Exact && op.Open&OpenCreate != 0 {
		if err := f.Chmod(op.Mode.Perm()); err != nil {
			f.Close()
			return err
		}
	}
	op.Handle.Private = f
	return nil
}

// unlink: os.Remove alone would take a directory for a file and the reverse.
func unlink(op *Op) error {
	info, err := os.Lstat(op.Path)
	switch {
	case err != nil:
		return err
	case info.IsDir() && !op.Directory:
		return syscall.EISDIR
	case !info.IsDir() && op.Directory:
		return syscall.ENOTDIR
	}
	return os.Remove(op.Path)
}

// syncFile: a directory cannot be synced here, and its entries are the file
// system's own business.
func syncFile(f *os.File) error {
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil
	}
	return f.Sync()
}

func read(op *Op) error {
	for op.N < op.Size() {
		n, err := file(op.Handle).ReadAt(first(op), op.Off+int64(op.N))
		op.N += n
		if err == io.EOF {
			op.EOF = true
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func write(op *Op) error {
	for op.N < op.Size() {
		n, err := file(op.Handle).WriteAt(first(op), op.Off+int64(op.N))
		op.N += n
		if err != nil {
			return err
		}
	}
	return nil
}

// first returns the first buffer that still has something to transfer.
func first(op *Op) []byte {
	if op.Kind == OpRead || op.Kind == OpWrite {
		return op.Buf[op.N:]
	}
	n := op.N
	for _, b := range op.Bufs {
		if n < len(b) {
			return b[n:]
		}
		n -= len(b)
	}
	return nil
}

func stat(op *Op) error {
	var info fs.FileInfo
	var err error
	if f := file(op.Handle); f != nil {
		info, err = f.Stat()
	} else {
		info, err = os.Stat(op.Path)
	}
	if err != nil {
		return err
	}
	op.Info = Info{Size: info.Size(), Mode: info.Mode(), ModTime: info.ModTime()}
	return nil
}

// rename: without a system call for it, not replacing is a hard link under the
// new name, which fails if it exists, and the end of the old name.
func rename(op *Op) error {
	switch {
	case op.Rename&RenameExchange != 0:
		return unsupported(errors.ErrUnsupported)
	case op.Rename&RenameNoReplace != 0:
		if err := os.Link(op.Path, op.NewPath); err != nil {
			return err
		}
		return os.Remove(op.Path)
	}
	return os.Rename(filepath.Clean(op.Path), filepath.Clean(op.NewPath))
}

func tryLock(h *Handle, path string, kind LockKind) (Lock, bool, error) {
	return nil, false, unsupported(errors.ErrUnsupported)
}
