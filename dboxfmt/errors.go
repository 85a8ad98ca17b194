package dboxfmt

import (
	"errors"
	"fmt"
)

// How a file can be unreadable. Use errors.Is.
var (
	// ErrTruncated: the file stops in the middle of a header, body or metadata
	// block; what is there so far is as it should be.
	ErrTruncated = errors.New("dbox file ends too early")
	// ErrCorrupt: bytes are there, and they are wrong.
	ErrCorrupt = errors.New("corrupt dbox file")
)

// What is corrupt. Each of them is an [ErrCorrupt] too.
var (
	ErrFileHeader    = fmt.Errorf("%w: file header", ErrCorrupt)
	ErrVersion       = fmt.Errorf("%w: version", ErrFileHeader)
	ErrMessageHeader = fmt.Errorf("%w: message header", ErrCorrupt)
	ErrMetadata      = fmt.Errorf("%w: metadata", ErrCorrupt)
	// ErrSize: sizes contradict each other, or the index.
	ErrSize = fmt.Errorf("%w: size", ErrCorrupt)
	// ErrTrailing: a single-dbox file goes on after its only message.
	ErrTrailing = fmt.Errorf("%w: bytes after the message", ErrCorrupt)
	// ErrChecksum: the body is not the one that was written.
	ErrChecksum = fmt.Errorf("%w: checksum", ErrCorrupt)
)

// ErrNoItem says that the metadata has no item of the key asked for.
var ErrNoItem = errors.New("dboxfmt: no such metadata item")

// What a writer refuses. None of them is about the underlying io.Writer, whose
// errors are passed on as they are.
var (
	// ErrWrongSize: the body is longer or shorter than announced, or version 2
	// was not told a size.
	ErrWrongSize = errors.New("dboxfmt: body size differs from the size announced")
	// ErrItem: a metadata item that would not read back as it is.
	ErrItem = errors.New("dboxfmt: metadata cannot be written")
	// ErrSeparator: the body contains the end marker of its own message, or the
	// random source fails.
	ErrSeparator = errors.New("dboxfmt: no usable separator")
	// ErrState: a call out of order, such as a second message before the first
	// is finished.
	ErrState = errors.New("dboxfmt: call out of order")
)

// FormatError says where and why a file is not a dbox file.
type FormatError struct {
	File   string // name given by the caller, may be empty
	Offset int64  // bytes from the start of the file (or of the bytes given to a codec)
	Reason string
	Err    error // ErrTruncated or one of the ErrCorrupt group
}

func (e *FormatError) Error() string {
	name := e.File
	if name == "" {
		name = "dbox file"
	}
	return fmt.Sprintf("%s: offset %d: %s (%v)", name, e.Offset, e.Reason, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }

func fault(offset int64, kind error, reason string, args ...any) *FormatError {
	return &FormatError{Offset: offset, Reason: fmt.Sprintf(reason, args...), Err: kind}
}

// placed turns the error of a codec, whose offsets count from the bytes it was
// given, into one that counts from the start of the file.
func placed(err error, file string, base int64) error {
	var f *FormatError
	if !errors.As(err, &f) {
		return err
	}
	moved := *f
	moved.File, moved.Offset = file, f.Offset+base
	return &moved
}

// corruptNotTorn is for a block that stops in its middle although the file does
// not: the place where it should end is wrong.
func corruptNotTorn(err error) error {
	var f *FormatError
	if errors.As(err, &f) && f.Err == ErrTruncated {
		return fault(f.Offset, ErrMetadata, "the metadata block has no end")
	}
	return err
}
