//go:build linux && (amd64 || arm64)

package uring

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

const canceledResult = -int32(syscall.ECANCELED)

// completed takes one completion. An operation goes on when all its entries
// have completed and its predecessor in the chain is settled.
func (s *shard) completed(userData uint64, res int32) {
	id := backend.SlotID(userData &^ markMask)
	if s.slots.Get(id) == nil {
		return // a cancellation's own
	}
	f := &s.flights[id.Index()]
	if userData&cutMark != 0 {
		res = canceledResult
	}
	if userData&peekMark != 0 {
		f.peeked = res
	} else {
		f.res = res
	}
	f.owed--
	switch {
	case f.owed > 0:
		if f.canceled && f.probed { // the look behind may wait as the read did
			s.cancelEntry(uint64(id) | peekMark)
		}
	case f.linked:
		f.held = true
	default:
		s.complete(f)
	}
}

// complete interprets f's result.
func (s *shard) complete(f *flight) {
	if f.hardware && f.res == canceledResult {
		s.unlinked(f)
		return
	}
	f.hardware = false
	if lostItsFile(f) {
		s.feel(f)
	}
	if f.res < 0 {
		s.refused(f, syscall.Errno(-f.res))
		return
	}
	switch f.op.Kind {
	case backend.OpOpen:
		s.opened(f, int(f.res))
		return
	case backend.OpRead, backend.OpWrite, backend.OpReadv, backend.OpWritev:
		s.transferred(f)
		return
	case backend.OpStat:
		f.op.Info = infoOf(f.statx)
	case backend.OpClose:
		closed(f.op.Handle)
	}
	s.settle(f)
}

// transferred goes on after a short transfer, until everything is done. Only
// a read of 0 bytes is the end of the file.
func (s *shard) transferred(f *flight) {
	op, probed := f.op, f.probed
	f.probed = false
	op.N += int(f.res)
	switch {
	case op.N >= op.Size():
	case f.res == 0 && !reads(op.Kind):
		op.Fail(syscall.EIO) // a file that takes nothing and says nothing
	case f.res == 0 || probed && f.peeked == 0:
		op.EOF = true
	default:
		s.goOn(f)
		return
	}
	s.settle(f)
}

// goOn does the rest of an operation, or all of it once more.
func (s *shard) goOn(f *flight) {
	if lostItsFile(f) {
		s.warmth = 0
		s.help(f, -1)
		return
	}
	s.ready.push(f)
}

// opened ends a successful open. Making the permissions of a created file
// exact can wait for the journal, so it is done elsewhere unless they already
// are.
func (s *shard) opened(f *flight, fd int) {
	if f.place > 0 {
		f.op.Handle.Private = directFile
		s.settle(f)
		return
	}
	if permissionsMayDiffer(f.op, fd) {
		s.help(f, fd)
		return
	}
	f.op.Handle.SetFD(fd)
	s.settle(f)
}

func permissionsMayDiffer(op *backend.Op, fd int) bool {
	if op.Open&(backend.OpenCreate|backend.OpenUnnamed) == 0 || !op.Exact && op.Group == nil {
		return false
	}
	var st unix.Stat_t
	return unix.Fstat(fd, &st) != nil ||
		op.Exact && st.Mode&0o7777 != backend.UnixMode(op.Mode) ||
		op.Group != nil && int(st.Gid) != *op.Group
}

// refused handles an errno.
func (s *shard) refused(f *flight, errno syscall.Errno) {
	f.probed = false
	switch s.judge(f, errno) {
	case backend.Retry:
		s.goOn(f)
	case backend.Helper:
		s.help(f, -1)
	case backend.Ignore:
		s.end(f, nil)
	case backend.Canceled:
		s.end(f, backend.ErrCanceled)
	case backend.Unsupported:
		s.end(f, fmt.Errorf("%w: %w", backend.ErrUnsupported, errno))
	default:
		s.end(f, errno)
	}
}

// judge is backend.Judge, and knows what only the ring does: an operation that
// we asked to cancel may end as interrupted, and one that nobody asked to
// cancel, or that could not reach its memory, lost the thread that had
// submitted it.
func (s *shard) judge(f *flight, errno syscall.Errno) backend.Verdict {
	switch {
	case f.canceled && f.op.Kind != backend.OpClose && (errno == syscall.EINTR || errno == syscall.ECANCELED):
		return backend.Canceled
	case errno == syscall.ECANCELED || errno == syscall.EFAULT:
		if f.op.Kind == backend.OpClose && isDirect(f.op.Handle) {
			return backend.Retry // no helper can close what only the ring has open
		}
		return backend.Helper
	}
	return backend.Judge(f.op, errno, true)
}

// end settles f with a final result.
func (s *shard) end(f *flight, err error) {
	if f.op.Kind == backend.OpClose {
		closed(f.op.Handle)
	}
	if err != nil {
		s.fail(f, err)
		return
	}
	s.settle(f)
}

// infoOf turns what the kernel stored into the result of OpStat.
func infoOf(st *unix.Statx_t) backend.Info {
	return backend.Info{
		Size:    int64(st.Size),
		Mode:    backend.GoMode(uint32(st.Mode)),
		ModTime: time.Unix(st.Mtime.Sec, int64(st.Mtime.Nsec)),
		Dev:     unix.Mkdev(st.Dev_major, st.Dev_minor),
		Inode:   st.Ino,
		Links:   uint64(st.Nlink),
		UID:     st.Uid,
		GID:     st.Gid,
	}
}
