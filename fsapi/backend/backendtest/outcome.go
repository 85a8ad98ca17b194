package backendtest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// outcome describes op and its results without anything that differs from one
// directory, engine or moment to the next.
func (r *rig) outcome(op *backend.Op) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v %s", op.Kind, r.relative(op.Path))
	if op.NewPath != "" {
		fmt.Fprintf(&s, " -> %s", r.relative(op.NewPath))
	}
	fmt.Fprintf(&s, " off=%d size=%d len=%d: n=%d eof=%v", op.Off, op.Size(), op.Len, op.N, op.EOF)
	if op.Err != nil {
		fmt.Fprintf(&s, " %s", r.errorClass(op.Err))
		return s.String()
	}
	switch op.Kind {
	case backend.OpRead, backend.OpReadv:
		fmt.Fprintf(&s, " %s", digest(transferred(op)))
	case backend.OpStat:
		fmt.Fprintf(&s, " %v links=%d", op.Info.Mode, op.Info.Links)
		if op.Info.Mode.IsRegular() { // a directory's size is the file system's business
			fmt.Fprintf(&s, " size=%d", op.Info.Size)
		}
	case backend.OpReadDir:
		for _, e := range op.Entries {
			fmt.Fprintf(&s, " %s%v", e.Name(), e.Type())
		}
	}
	return s.String()
}

func (r *rig) relative(path string) string { return strings.TrimPrefix(path, r.dir) }

// errorClass names what errors.Is and errors.As find in err.
func (r *rig) errorClass(err error) string {
	var where string
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		where = pe.Op + " " + r.relative(pe.Path)
	case errors.As(err, &le):
		where = le.Op + " " + r.relative(le.Old) + " " + r.relative(le.New)
	}
	var oe *backend.OffsetError
	if errors.As(err, &oe) {
		where += fmt.Sprintf(" at %d", oe.Off)
	}
	for _, sentinel := range []error{backend.ErrCanceled, backend.ErrInvalid, backend.ErrUnsupported, backend.ErrClosed} {
		if errors.Is(err, sentinel) {
			return fmt.Sprintf("[%s: %v]", where, sentinel)
		}
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return fmt.Sprintf("[%s: %v]", where, errno)
	}
	return fmt.Sprintf("[%s: unclassified %v]", where, err)
}

func digest(p []byte) string {
	h := fnv.New64a()
	h.Write(p)
	return fmt.Sprintf("%016x", h.Sum64())
}
