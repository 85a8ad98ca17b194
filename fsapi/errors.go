package fsapi

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Errors of the FS API. Everything else is what the system said, as an
// *fs.PathError or *os.LinkError: a missing file is fs.ErrNotExist, an existing
// one fs.ErrExist.
var (
	// ErrAgain: nothing is there yet, or the buffer is full, or the commit is
	// under way. Ask again after the callback, or after Wait.
	ErrAgain = errors.New("fsapi: try again later")
	// ErrLocked: somebody else holds the lock.
	ErrLocked = errors.New("fsapi: file is locked")
	// ErrClosed: the file or the file system has been closed.
	ErrClosed = fmt.Errorf("fsapi: %w", fs.ErrClosed)
	// ErrNotWritable: Write or CommitAs on a handle that cannot do it.
	ErrNotWritable = errors.New("fsapi: file is not open for writing")
	// ErrNamed: CommitAs on a file that has a name already.
	ErrNamed = errors.New("fsapi: file has a name already")
	// ErrPoisoned: a sync of this file has failed once. What the device has is
	// unknown, so no later commit of this handle can succeed. The error around
	// it carries the failure.
	ErrPoisoned = errors.New("fsapi: an earlier sync of this file failed")
	// ErrUnavailable: the engine that was asked for does not work here. The
	// error says why and what an operator can do.
	ErrUnavailable = backend.ErrUnavailable
)

func pathError(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: path, Err: err}
}

func isCanceled(err error) bool { return errors.Is(err, backend.ErrCanceled) }

// causeOf returns which of two errors of one chain says why it failed: the
// earlier one, unless that only says that another member has failed.
func causeOf(err, next error) error {
	if next != nil && (err == nil || isCanceled(err)) {
		return next
	}
	return err
}
