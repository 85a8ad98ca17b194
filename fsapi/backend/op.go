package backend

import (
	"io/fs"
	"time"
)

// Kind says what an Op does.
type Kind uint8

// The operations. The comment names the fields that each one uses; the results
// are in Op.N, Op.EOF and Op.Err unless said otherwise.
const (
	OpNop       Kind = iota // nothing
	OpOpen                  // Path, Dir, Open, Mode, Exact, Group -> Handle is open
	OpClose                 // Handle -> Handle is not open, whatever Err says
	OpRead                  // Handle, Buf, Off
	OpWrite                 // Handle, Buf, Off
	OpReadv                 // Handle, Bufs, Off
	OpWritev                // Handle, Bufs, Off
	OpSync                  // Handle: data and metadata are on the device (darwin: F_FULLFSYNC)
	OpDatasync              // Handle: data, and the metadata needed to read it back
	OpSyncRange             // Handle, Off, Len: start write-back, promise nothing (a hint; may do nothing)
	OpTruncate              // Handle, Off: the new size
	OpAllocate              // Handle, Off, Len: reserve blocks, keep the size (a hint on platforms without it)
	OpStat                  // Handle if open, else Path -> Info
	OpRename                // Path, NewPath, Rename
	OpLink                  // Handle if open, else Path; NewPath: fails with fs.ErrExist if it exists
	OpUnlink                // Path; Directory: rmdir
	OpMkdir                 // Path, Mode
	OpReadDir               // Path -> Entries, sorted by name
	kinds
)

// Kinds is the number of operation kinds; they are 0 to Kinds-1.
const Kinds = int(kinds)

var kindNames = [Kinds]string{
	"nop", "open", "close", "read", "write", "readv", "writev", "fsync", "fdatasync",
	"sync_range", "truncate", "fallocate", "stat", "rename", "link", "unlink", "mkdir", "readdir",
}

// String returns the name of the system call that k is closest to.
func (k Kind) String() string {
	if int(k) < Kinds {
		return kindNames[k]
	}
	return "unknown"
}

// OpenFlag says how OpOpen opens.
type OpenFlag uint32

// Files are opened for reading unless a flag says otherwise, always close on
// exec and never as a controlling terminal.
const (
	OpenWrite     OpenFlag = 1 << iota // for reading and writing
	OpenCreate                         // create the file; implies OpenWrite
	OpenExclusive                      // with OpenCreate: fail with fs.ErrExist if the name is taken
	OpenTruncate                       // cut an existing file to length 0
	OpenDirectory                      // fail if it is not a directory; for syncing it
	OpenUnnamed                        // Path is a directory: a file without a name in it (see ErrUnsupported)
)

// RenameFlag says what OpRename does about an existing NewPath.
type RenameFlag uint32

// The zero RenameFlag replaces an existing file atomically.
const (
	RenameNoReplace RenameFlag = 1 << iota // fail with fs.ErrExist if NewPath exists, atomically
	RenameExchange                         // both exist and swap their files atomically (see ErrUnsupported)
)

// Op is one operation. The submitter fills in the fields that its Kind uses,
// and must not touch the Op, its buffers or its Handle from Submit until the Op
// has come back. After that the Op may be reused (see Reset).
//
// Buffers must be heap memory or memory outside of Go, never part of a stack
// that can move: make and pools give such memory.
type Op struct {
	Kind      Kind
	Link      bool // the next operation of the batch starts when this one has succeeded
	Directory bool
	Exact     bool // OpOpen: a created file gets exactly Mode, whatever the umask; without OpenExclusive an existing one, too
	Open      OpenFlag
	Rename    RenameFlag
	Mode      fs.FileMode // permission bits of what is created
	Group     *int        // OpOpen: gid of a created file, as with Exact; nil: as the file system does it
	Handle    *Handle
	Dir       *Handle // OpOpen: nil, or the directory that Path's last element is in; engines may start there instead of walking all of Path
	Path      string  // the file; with an open Handle: only for error texts
	NewPath   string
	Buf       []byte
	Bufs      [][]byte
	Off, Len  int64 // bytes

	// Results, valid when the operation has come back.
	N       int  // bytes transferred, also when Err is not nil
	EOF     bool // a read met the end of the file at Off+N
	Err     error
	Info    Info
	Entries []fs.DirEntry

	// User is the submitter's; no backend looks at it.
	User any

	// Slot is the backend's while the operation is in flight; zero otherwise.
	Slot SlotID
}

// Reset makes op ready for another use. It keeps nothing.
func (op *Op) Reset() { *op = Op{} }

// Size returns the number of bytes that a read or write is asked to transfer.
func (op *Op) Size() int {
	if op.Kind == OpReadv || op.Kind == OpWritev {
		n := 0
		for _, b := range op.Bufs {
			n += len(b)
		}
		return n
	}
	return len(op.Buf)
}

// NextChain returns the chain at the front of ops, which is not empty: one
// operation if it is not linked. A chain ends with the batch even if its last
// member asks for more. The error wraps ErrInvalid: the chain is longer than
// MaxChain.
func NextChain(ops []*Op) ([]*Op, error) {
	n := 1
	for n < len(ops) && ops[n-1].Link {
		n++
	}
	if n > MaxChain {
		return nil, invalid("a chain of %d operations, at most %d", n, MaxChain)
	}
	return ops[:n], nil
}

// Info is what OpStat finds out about a file.
type Info struct {
	Size    int64 // bytes
	Mode    fs.FileMode
	ModTime time.Time
	Dev     uint64 // device and inode identify a file; zero where the platform has none
	Inode   uint64
	Links   uint64
	UID     uint32
	GID     uint32
}

// SameFile reports whether both describe one file.
func (i Info) SameFile(j Info) bool {
	return i.Dev == j.Dev && i.Inode == j.Inode && i.Inode != 0
}
