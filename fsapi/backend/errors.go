package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
)

// OffsetError says where in a file an operation failed. It stands between the
// *fs.PathError and the cause.
type OffsetError struct {
	Off int64 // bytes from the start of the file
	Err error
}

func (e *OffsetError) Error() string { return fmt.Sprintf("at offset %d: %v", e.Off, e.Err) }

// Unwrap returns the cause.
func (e *OffsetError) Unwrap() error { return e.Err }

// Fail stores cause as op's error, with operation, path and, for transfers,
// the offset at which it stopped. ErrCanceled and ErrClosed get the same
// wrapping. A nil cause clears the error.
func (op *Op) Fail(cause error) {
	switch {
	case cause == nil:
		op.Err = nil
	case op.Kind == OpRename || op.Kind == OpLink:
		op.Err = &os.LinkError{Op: op.Kind.String(), Old: op.Path, New: op.NewPath, Err: cause}
	case op.Kind == OpRead || op.Kind == OpWrite || op.Kind == OpReadv || op.Kind == OpWritev:
		at := &OffsetError{Off: op.Off + int64(op.N), Err: cause}
		op.Err = &fs.PathError{Op: op.Kind.String(), Path: op.Path, Err: at}
	default:
		op.Err = &fs.PathError{Op: op.Kind.String(), Path: op.Path, Err: cause}
	}
}

// Check returns an error wrapping ErrInvalid if op makes no sense. An engine
// calls it when the operation's turn comes, so that a handle that an earlier
// member of the chain opens is open by then.
func Check(op *Op) error {
	if op.Kind >= kinds {
		return invalid("unknown kind %d", op.Kind)
	}
	if err := checkPaths(op); err != nil {
		return err
	}
	if needsHandle(op.Kind) && !op.Handle.IsOpen() {
		return invalid("the handle is not open")
	}
	if op.Kind == OpOpen && (op.Handle == nil || op.Handle.IsOpen()) {
		return invalid("open needs a handle that is not open yet")
	}
	if op.Kind == OpRename && op.Rename == RenameNoReplace|RenameExchange {
		return invalid("a rename cannot both exchange and refuse to replace")
	}
	if op.Off < 0 || op.Len < 0 {
		return invalid("negative offset or length")
	}
	if op.Off > math.MaxInt64-max(op.Len, int64(op.Size())) {
		return invalid("offset and length overflow")
	}
	return nil
}

func checkPaths(op *Op) error {
	one, two := pathsNeeded(op)
	if one && op.Path == "" || two && op.NewPath == "" {
		return fmt.Errorf("%w: empty path: %w", ErrInvalid, fs.ErrNotExist)
	}
	if one && strings.IndexByte(op.Path, 0) >= 0 || two && strings.IndexByte(op.NewPath, 0) >= 0 {
		return invalid("NUL byte in path")
	}
	return nil
}

func pathsNeeded(op *Op) (path, newPath bool) {
	switch op.Kind {
	case OpOpen, OpUnlink, OpMkdir, OpReadDir:
		return true, false
	case OpStat:
		return !op.Handle.IsOpen(), false
	case OpRename:
		return true, true
	case OpLink:
		return !op.Handle.IsOpen(), true
	}
	return false, false
}

func needsHandle(k Kind) bool {
	switch k {
	case OpClose, OpRead, OpWrite, OpReadv, OpWritev, OpSync, OpDatasync, OpSyncRange, OpTruncate, OpAllocate:
		return true
	}
	return false
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

// unsupported keeps the errno under ErrUnsupported.
func unsupported(err error) error {
	if errors.Is(err, ErrUnsupported) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnsupported, err)
}
