package fsapi

import (
	"math/rand"
	"slices"
	"sync"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// simDisk is an engine over files in memory with a power switch. Chains in
// flight take turns by chance, one member at a time. What was not synced
// survives a crash by chance: names a change at a time, data a sector at a
// time (simdisk_files_test.go). A sync that fails loses the data, as on Linux:
// the next sync succeeds and has not written it.
type simDisk struct {
	mu      sync.Mutex
	changed sync.Cond // of running or closed
	rng     *rand.Rand
	running []*simChain
	flying  int // operations of running
	closed  bool
	dirs    map[string]*simDir

	done    int     // operations so far
	crashAt int     // the operation at which the power goes; negative: never
	dead    bool    // it has gone
	faulty  float64 // share of operations that fail by themselves
	faults  int     // operations that did

	noFlags   bool // renames replace or fail
	noUnnamed bool // files have names
}

type simChain struct {
	ops    []*backend.Op
	failed bool
}

func newSimDisk(seed int64, crashAt int, dirs ...string) *simDisk {
	d := &simDisk{rng: rand.New(rand.NewSource(seed)), crashAt: crashAt, dirs: map[string]*simDir{}}
	d.changed.L = &d.mu
	for _, dir := range dirs {
		d.dirs[dir] = &simDir{now: map[string]*simInode{}, durable: map[string]*simInode{}}
	}
	return d
}

func (d *simDisk) Capabilities() backend.Capabilities {
	return backend.Capabilities{Name: "simdisk", Depth: 64, Native: backend.AllKinds}
}

func (d *simDisk) Submit(ops, _ []*backend.Op) (started, finished int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed && len(ops) > 0 {
		return 0, 0, backend.ErrClosed
	}
	for started < len(ops) {
		var chain []*backend.Op
		chain, err = backend.NextChain(ops[started:])
		if err != nil || d.flying+len(chain) > d.Capabilities().Depth {
			break
		}
		d.running = append(d.running, &simChain{ops: slices.Clone(chain)})
		d.flying += len(chain)
		started += len(chain)
	}
	d.changed.Broadcast()
	return started, 0, err
}

// Reap does one operation of any chain.
func (d *simDisk) Reap(done []*backend.Op) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.running) == 0 {
		if d.closed {
			return 0, backend.ErrClosed
		}
		d.changed.Wait()
	}
	i := d.rng.Intn(len(d.running))
	c := d.running[i]
	done[0] = c.ops[0]
	d.step(c)
	if len(c.ops) == 0 {
		d.running = slices.Delete(d.running, i, i+1)
	}
	d.flying--
	d.changed.Broadcast()
	return 1, nil
}

func (d *simDisk) Cancel(*backend.Op) {}

func (d *simDisk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.changed.Broadcast()
	for len(d.running) > 0 {
		d.changed.Wait()
	}
	return nil
}

// step does the next member of c.
func (d *simDisk) step(c *simChain) {
	op := c.ops[0]
	c.ops = c.ops[1:]
	op.N, op.EOF, op.Err, op.Info, op.Entries = 0, false, nil, backend.Info{}, nil
	cause := backend.Check(op)
	switch {
	case c.failed && !(op.Kind == backend.OpClose && op.Handle.IsOpen()):
		cause = backend.ErrCanceled
	case cause == nil:
		cause = d.do(op)
	}
	if cause != nil {
		op.Fail(cause)
		c.failed = true
	}
}

// do does op, unless the power is gone, or goes now (by chance before or after
// it), or the operation fails by itself.
func (d *simDisk) do(op *backend.Op) error {
	if op.Kind == backend.OpClose {
		*op.Handle = backend.Handle{}
		return nil
	}
	n := d.done
	d.done++
	switch {
	case d.dead:
		return syscall.EIO
	case n == d.crashAt:
		d.dead = true
		if d.rng.Intn(2) == 0 {
			d.execute(op)
		}
		return syscall.EIO
	case d.rng.Float64() < d.faulty:
		d.faults++
		d.failSync(op)
		return syscall.EIO
	}
	return d.execute(op)
}
