package fsapi

import (
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/threadpool"
)

// BackendKind names an engine.
type BackendKind string

// The engines. Auto takes URing where it works and ThreadPool elsewhere.
const (
	Auto       BackendKind = "auto"
	URing      BackendKind = "uring"
	ThreadPool BackendKind = "threadpool"
)

// SyncMode says whether a commit waits for the device.
type SyncMode int

// There is nothing in between: either every commit is on the device when it
// succeeds, or none is and the caller syncs by other means.
const (
	SyncAlways SyncMode = iota
	SyncNever
)

// Defaults and bounds of Options.
const (
	DefaultThreads     = 10
	DefaultBufferLimit = 64 << 20
	// MinBufferLimit is the smallest BufferLimit: one read-ahead window and one
	// write buffer must fit, or nothing could ever move.
	MinBufferLimit = 4 << 20
)

// Options configure New. The zero value is a good choice.
type Options struct {
	// Backend is the engine; "" means Auto. The environment variable
	// FSAPI_BACKEND (auto, uring, threadpool) overrides Auto.
	Backend BackendKind
	// Threads is the number of thread-pool workers, at most
	// threadpool.MaxWorkers (1024) whatever the engine; 0 means 10.
	Threads int
	// Depth bounds the operations in flight over all files, at most
	// threadpool.MaxDepth (65536); 0 means the engine's own default.
	Depth int
	// BufferLimit bounds the bytes of read-ahead and of unwritten data over
	// all files; 0 means 64 MiB, and less than MinBufferLimit is an error.
	BufferLimit int64
	// Sync says whether commits reach the device.
	Sync SyncMode
	// Logger gets one line at level Info about the choice that Auto made;
	// nil means slog.Default().
	Logger *slog.Logger
	// Engine is an engine of your own, or a decorated one; it overrides
	// Backend. FS.Close closes it.
	Engine backend.Backend
}

// OpenMode says what an opened file is for.
type OpenMode int

// An Append handle can also read.
const (
	ReadOnly OpenMode = iota
	Append
)

// CreateMode says what committing a created file does when its name is taken.
type CreateMode int

// The check of FailIfExists is atomic with the commit.
const (
	FailIfExists CreateMode = iota
	ReplaceIfExists
)

// Perm are the permissions of a created file.
type Perm struct {
	Mode  fs.FileMode // exact, whatever the umask; 0 means 0o600
	Group *int        // gid; nil: as the directory and the process have it
}

func (o *Options) check() error {
	switch {
	case o.Threads < 0 || o.Threads > threadpool.MaxWorkers:
		return fmt.Errorf("fsapi: Options.Threads is %d: not in 0 to %d", o.Threads, threadpool.MaxWorkers)
	case o.Depth < 0 || o.Depth > threadpool.MaxDepth:
		return fmt.Errorf("fsapi: Options.Depth is %d: not in 0 to %d", o.Depth, threadpool.MaxDepth)
	case o.BufferLimit != 0 && o.BufferLimit < MinBufferLimit:
		return fmt.Errorf("fsapi: Options.BufferLimit is %d: at least %d, or 0 for the default", o.BufferLimit, MinBufferLimit)
	case o.Sync != SyncAlways && o.Sync != SyncNever:
		return fmt.Errorf("fsapi: Options.Sync is %d: SyncAlways or SyncNever", o.Sync)
	}
	if o.BufferLimit == 0 {
		o.BufferLimit = DefaultBufferLimit
	}
	if o.Threads == 0 {
		o.Threads = DefaultThreads
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return nil
}
