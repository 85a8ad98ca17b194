//go:build linux || darwin

package backend

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJudge(t *testing.T) {
	every := func(Kind) bool { return true }
	only := func(kinds ...Kind) func(Kind) bool {
		var s KindSet
		for _, k := range kinds {
			s = s.With(k)
		}
		return s.Has
	}
	except := func(kind Kind) func(Kind) bool { return func(k Kind) bool { return k != kind } }
	hint := only(OpSyncRange, OpAllocate)
	noHint := func(k Kind) bool { return !hint(k) }

	for _, c := range []struct {
		errno    syscall.Errno
		kinds    func(Kind) bool
		call     Verdict // of an ordinary system call
		fromRing Verdict
	}{
		{syscall.EINTR, except(OpClose), Retry, Retry},
		{syscall.EINTR, only(OpClose), Ignore, Ignore},
		{syscall.EAGAIN, every, Fail, Helper},
		{syscall.ECANCELED, every, Fail, Canceled},
		{syscall.EINVAL, noHint, Fail, Helper},
		{syscall.EINVAL, hint, Ignore, Helper},
		{syscall.ENOSYS, noHint, Fail, Helper},
		{syscall.EOPNOTSUPP, noHint, Fail, Helper},
		{syscall.EOPNOTSUPP, hint, Ignore, Helper},
		{syscall.ENOTSUP, hint, Ignore, Helper},
		{syscall.EISDIR, noHint, Fail, Helper},
		{syscall.ENOENT, every, Fail, Fail},
		{syscall.EEXIST, every, Fail, Fail},
		{syscall.EACCES, every, Fail, Fail},
		{syscall.EPERM, every, Fail, Fail},
		{syscall.EIO, every, Fail, Fail},
		{syscall.ENOSPC, every, Fail, Fail},
		{syscall.EDQUOT, every, Fail, Fail},
		{syscall.EBADF, every, Fail, Fail},
		{syscall.EXDEV, every, Fail, Fail},
		{syscall.EMFILE, every, Fail, Fail},
		{syscall.EROFS, every, Fail, Fail},
	} {
		for k := range Kind(Kinds) {
			if c.kinds(k) {
				name := fmt.Sprintf("%v of %v", c.errno, k)
				require.Equal(t, c.call, Judge(&Op{Kind: k}, c.errno, false), name)
				require.Equal(t, c.fromRing, Judge(&Op{Kind: k}, c.errno, true), name)
			}
		}
	}
}

// TestJudgeKnowsOptionalFeatures: what only some file systems can do is
// ErrUnsupported, so that the caller takes its other way.
func TestJudgeKnowsOptionalFeatures(t *testing.T) {
	optional := []*Op{
		{Kind: OpRename, Rename: RenameNoReplace},
		{Kind: OpRename, Rename: RenameExchange},
		{Kind: OpOpen, Open: OpenUnnamed},
	}
	for _, e := range []syscall.Errno{syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.ENOTSUP, syscall.EISDIR} {
		for _, op := range optional {
			require.Equal(t, Unsupported, Judge(op, e, false), "%v of %v", e, op.Kind)
			require.Equal(t, Helper, Judge(op, e, true), "%v of %v", e, op.Kind)
		}
		require.Equal(t, Fail, Judge(&Op{Kind: OpRename}, e, false), "a plain rename is not optional")
		require.Equal(t, Fail, Judge(&Op{Kind: OpOpen, Open: OpenCreate}, e, false))
	}
	for _, op := range optional {
		require.Equal(t, Fail, Judge(op, syscall.EEXIST, false))
		require.Equal(t, Fail, Judge(op, syscall.ENOENT, false))
	}
}
