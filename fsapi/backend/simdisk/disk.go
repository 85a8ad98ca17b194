package simdisk

import (
	"io/fs"
	"math/rand"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Options are the choices of New. The zero Options are a good disk.
type Options struct {
	Seed  int64 // of all chance but that of AfterCrash
	Depth int   // operations in flight at most; 0: 64, and at least backend.MaxChain

	Dirs  []string         // directories that are there, with those above them
	Umask fs.FileMode      // taken from the permissions of what is created, unless they are Exact
	Now   func() time.Time // for modification times; nil: time.Now

	// Ordered makes the disk one that does not let a file get longer before the
	// data is there, like ext4 and XFS: of what was appended a part from the front
	// survives, without holes. Elsewhere in a file it is by sectors all the same.
	Ordered bool

	// FailureRate is the share of operations, 0 to 1, that fail with EIO by
	// themselves, and do nothing. Closing never fails.
	FailureRate   float64
	NoRenameFlags bool // renames only replace; others are backend.ErrUnsupported
	NoUnnamed     bool // files without a name are backend.ErrUnsupported
}

// Disk is a simulated disk. It is an engine like any other; closing it keeps
// what is on it.
type Disk struct {
	opts    Options
	mu      sync.Mutex
	changed sync.Cond // of running, finished or closed
	rng     *rand.Rand

	running  []*turns
	flying   int // operations of running
	finished []*backend.Op
	closed   bool

	root    *node
	nodes   uint64   // made so far
	changes []change // of names, not synced yet

	operations int
	cutAt      int // 0: never
	dead       bool
	failures   int
}

var (
	_ backend.Backend = (*Disk)(nil)
	_ backend.Locker  = (*Disk)(nil)
)

// New returns an empty disk.
func New(o Options) *Disk {
	if o.Depth <= 0 {
		o.Depth = 64
	}
	o.Depth = max(o.Depth, backend.MaxChain)
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Disk{opts: o, rng: rand.New(rand.NewSource(o.Seed))}
	d.changed.L = &d.mu
	d.root = d.newNode(fs.ModeDir | 0o755)
	for _, dir := range o.Dirs {
		d.mkdirAll(clean(dir))
	}
	d.changes = nil
	return d
}

// mkdirAll makes a directory that is there for good.
func (d *Disk) mkdirAll(dir string) *node {
	if dir == "/" {
		return d.root
	}
	above, name := d.mkdirAll(path.Dir(dir)), path.Base(dir)
	if above.names[name] == nil {
		d.change(edit{dir: above, name: name, node: d.newNode(fs.ModeDir | 0o755)})
		above.durable[name] = above.names[name]
	}
	return above.names[name]
}

// CutAt lets the power go at the nth operation from now on; 1 is the next one,
// 0 or less means never. Closing a handle does not count.
func (d *Disk) CutAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = 0
	if n > 0 {
		d.cutAt = d.operations + n
	}
}

// Dead reports whether the power is gone.
func (d *Disk) Dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Operations returns how many there have been, closing not counted.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.operations
}

// Failures returns how many operations have failed by themselves (see
// Options.FailureRate).
func (d *Disk) Failures() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failures
}

// File is what a file is now, synced or not.
type File struct {
	Data []byte // a copy
	Mode fs.FileMode
}

// Files returns all files by their paths from the root, with slashes.
func (d *Disk) Files() map[string]File {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string]File{}
	d.root.collect("/", files)
	return files
}

func (n *node) collect(at string, files map[string]File) {
	for name, child := range n.names {
		if p := path.Join(at, name); child.isDir() {
			child.collect(p, files)
		} else {
			files[p] = File{slices.Clone(child.data), child.mode}
		}
	}
}
