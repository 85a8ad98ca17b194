package engine

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
)

// Request is one transfer or sync. It belongs to the engine from Queue until it
// comes back.
type Request struct {
	Dir      measure.Direction
	DataOnly bool // a sync is an fdatasync
	File     int  // index into Config.Files
	Off      int64
	Buf      []byte
	N        int // bytes transferred
	Err      error

	Begun, Issued time.Duration // for whoever measures
	Over          bool          // and for whoever waits

	op backend.Op
}

// Engine does requests.
type Engine interface {
	// Queue starts all of batch and stores what has finished in done, which has
	// room for everything in flight.
	Queue(batch, done []*Request) (int, error)
	// Wait stores at least one request that has finished in done.
	Wait(done []*Request) (int, error)
	// Close finishes what is in flight and frees the engine.
	Close() error
}

// Config says what an engine is for.
type Config struct {
	Files  []string
	Limits []int64 // append-only engines begin a file anew when it has this size; 0: never
	Read   bool    // Files are there and are read
	Write  bool    // Files are written; they are made if they are not there
	Depth  int     // requests in flight at most
	Hint   Hint
	Memory []byte    // where the buffers of all requests are
	FS     *fsapi.FS // for the engines of the FS API
	// Descriptors are those that the engine pread shares; nil: with nobody.
	Descriptors *Descriptors
}

// Hint is what the kernel is told about how files will be read. The FS API gives
// no hints.
type Hint int

// The hints.
const (
	NoHint Hint = iota
	Sequential
	Random
)

// ErrUnavailable: the engine does not work here.
var ErrUnavailable = backend.ErrUnavailable

// Names are the engines of this package.
var Names = []string{"uring", "threadpool", "uring-raw", "sync", "pread", "iouring-go"}

// AppendOnly reports whether the engine's writes go to the end of files,
// whatever their offset.
func AppendOnly(name string) bool { return name == "uring" || name == "threadpool" }

// Synchronous reports whether the engine has one request in flight at most.
func Synchronous(name string) bool { return name == "sync" || name == "pread" }

// Open sets an engine up.
func Open(name string, c Config) (Engine, error) {
	switch name {
	case "uring", "threadpool":
		return openFiles(c), nil
	case "uring-raw":
		return openRaw(c)
	case "sync":
		return openSync(c)
	case "pread":
		return openPread(c)
	case "iouring-go":
		return openRing(c)
	}
	return nil, fmt.Errorf("engine %q: %w", name, errors.ErrUnsupported)
}

// finish settles a transfer of n bytes that ended with err.
func (r *Request) finish(n int, err error) {
	r.N, r.Err = n, err
	if errors.Is(err, io.EOF) || err == nil && n < len(r.Buf) && r.Dir != measure.Sync {
		r.Err = io.ErrUnexpectedEOF
	}
}
