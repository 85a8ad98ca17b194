package mailindex

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/fsapi"
)

// What can be wrong with an index. Use errors.Is.
var (
	// ErrCorrupt: what is there cannot be read as an index, or only up to some
	// place. The store above rebuilds the index from its message files: with
	// Index.LockDamaged and Locked.Reset. What the index still says, View has.
	ErrCorrupt = errors.New("corrupt index")
	// ErrForeign: the index is one that Dovecot does not read either, such as
	// one of the other byte order or of another major version. It is an
	// ErrCorrupt.
	ErrForeign = fmt.Errorf("%w: foreign format", ErrCorrupt)
	// ErrGap: changes between the main index and the log are lost: a log is
	// missing, or belongs to another index. It is an ErrCorrupt.
	ErrGap = fmt.Errorf("%w: changes are missing", ErrCorrupt)
	// ErrMarked: a writer has marked the index as corrupt. It is an ErrCorrupt.
	ErrMarked = fmt.Errorf("%w: marked as corrupt", ErrCorrupt)
)

// Other errors. Use errors.Is.
var (
	// ErrLocked: the lock was not free before the context ended, or now for
	// TryLock. It is the FS API's.
	ErrLocked = fsapi.ErrLocked
	// ErrGone: the index was there and has been deleted, by its name or by a
	// record that says so. Errors with it are fs.ErrNotExist too.
	ErrGone = fmt.Errorf("index is deleted: %w", fs.ErrNotExist)
	// ErrReadOnly: the index was opened for reading only.
	ErrReadOnly = errors.New("index is open for reading only")
	// ErrUnlocked: the lock has been given back already.
	ErrUnlocked = errors.New("index is not locked")
	// ErrNoMessage: there is no message with that uid or sequence number.
	ErrNoMessage = errors.New("no such message in the index")
	// ErrTransaction: a change that cannot be written, such as one of an
	// extension with contradicting sizes. Nothing has been written.
	ErrTransaction = errors.New("transaction cannot be written")
)

// FormatError says where and why a file is no index. It comes around ErrCorrupt
// or one of its kind.
type FormatError struct {
	File   string // path, or empty if the codec was given bytes only
	Offset int64  // bytes from the start of the file, or of the bytes given
	Reason string
	Err    error
}

func (e *FormatError) Error() string {
	name := e.File
	if name == "" {
		name = "index"
	}
	return fmt.Sprintf("%s: offset %d: %s (%v)", name, e.Offset, e.Reason, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }

func corrupt(offset int64, reason string, args ...any) error {
	return damage(ErrCorrupt, offset, reason, args...)
}

func damage(kind error, offset int64, reason string, args ...any) error {
	return &FormatError{Offset: offset, Reason: fmt.Sprintf(reason, args...), Err: kind}
}

// placed names the file in the error of a codec, and moves its offset, which
// counts from the bytes that the codec was given.
func placed(err error, file string, base int64) error {
	var f *FormatError
	if !errors.As(err, &f) || f.File != "" {
		return err
	}
	moved := *f
	moved.File, moved.Offset = file, f.Offset+base
	return &moved
}
