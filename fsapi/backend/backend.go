package backend

import "errors"

// MaxChain is the largest number of linked operations (see Op.Link).
const MaxChain = 8

// Errors of every backend. Errors of operations are *fs.PathError or
// *os.LinkError around the errno, so that errors.Is(err, fs.ErrNotExist) and
// errors.As(err, &errno) work.
var (
	// ErrClosed: the backend is closed; the operation did not start.
	ErrClosed = errors.New("backend closed")
	// ErrCanceled: the operation was cancelled before it changed anything, or
	// an earlier member of its chain failed.
	ErrCanceled = errors.New("operation canceled")
	// ErrUnavailable: this engine cannot run here. The error around it says
	// why, and what an operator can do about it.
	ErrUnavailable = errors.New("engine unavailable")
	// ErrInvalid: the operation makes no sense (a negative offset, an empty
	// path, a handle that is not open). It never reached the system.
	ErrInvalid = errors.New("invalid operation")
	// ErrUnsupported: neither the engine nor the file system can do this
	// (a rename that exchanges, a file without a name); the caller has another
	// way or fails.
	ErrUnsupported = errors.New("not supported by this file system")
)

// Backend executes operations. All methods may be called from any number of
// goroutines at once.
type Backend interface {
	// Capabilities says what the engine is and can do. It never changes.
	Capabilities() Capabilities

	// Submit starts the operations of ops, in as few system calls as it can,
	// and stores operations that have finished (of this batch or an earlier
	// one) in done. It never waits for the device. It returns how many of ops
	// it took, always whole chains from the front: fewer than len(ops) when
	// Capabilities.Depth operations are in flight; the caller keeps the rest
	// and submits them again after reaping. An error is ErrClosed, ErrInvalid
	// (a chain longer than MaxChain), or the engine is broken for good;
	// operations not taken are untouched.
	// Submit(nil, done) only reaps.
	Submit(ops, done []*Op) (started, finished int, err error)

	// Reap waits until at least one operation is finished and stores those
	// that are in done. It returns an operation exactly once. After Close it
	// returns what is left and then ErrClosed.
	Reap(done []*Op) (int, error)

	// Cancel asks for an early end of an operation in flight. The operation
	// still comes back exactly once, with ErrCanceled or its normal result.
	// Cancelling an operation that is not in flight does nothing.
	Cancel(op *Op)

	// Close refuses new operations, waits until those in flight have finished
	// (their results can still be reaped) and then frees the engine. A second
	// Close returns nil.
	Close() error
}

// Capabilities describes an engine.
type Capabilities struct {
	Name   string  // "uring", "threadpool", "sync", or a third engine's
	Detail string  // one line for people: rings and flags, or workers and queue
	Depth  int     // operations in flight at most
	Native KindSet // kinds that the engine serves itself, not through a helper
	Chains bool    // a chain goes down in one piece, not step by step
}

// KindSet is a set of operation kinds.
type KindSet uint32

// With returns the set with k in it.
func (s KindSet) With(k Kind) KindSet { return s | 1<<k }

// Has reports whether k is in the set.
func (s KindSet) Has(k Kind) bool { return s&(1<<k) != 0 }

// AllKinds holds every kind.
const AllKinds = KindSet(1<<kinds - 1)

// NowReader is implemented by engines that can answer a read at once when the
// data needs no waiting for.
type NowReader interface {
	// ReadNow copies what the page cache holds at off into p. It never waits
	// for a device. ok is false when nothing could be said without waiting;
	// ok with n == 0 is the end of the file.
	ReadNow(h *Handle, p []byte, off int64) (n int, ok bool)
}

// LockKind is a way to lock a file.
type LockKind uint8

// Both are exclusive, and held until Lock.Unlock or the end of the process.
const (
	LockFlock  LockKind = iota // flock(2): what Dovecot uses for message files
	LockRecord                 // open-file-description record lock over the whole file (Linux); conflicts with POSIX record locks of other processes
)

// Locker is implemented by engines whose files can be locked.
type Locker interface {
	// TryLock locks the file behind h without waiting. held is true when
	// somebody else has the lock. The lock sits on a descriptor of its own
	// that no ring ever sees, since a descriptor in flight in a ring keeps its
	// locks beyond the life of the process.
	TryLock(h *Handle, path string, kind LockKind) (l Lock, held bool, err error)
}

// Lock is a lock that is held.
type Lock interface {
	// Unlock releases the lock.
	Unlock() error
}
