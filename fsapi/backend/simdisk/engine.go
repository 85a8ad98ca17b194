package simdisk

import (
	"slices"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// turns is what is left of a chain in flight.
type turns struct {
	ops    []*backend.Op
	failed bool
}

// Capabilities implements backend.Backend.
func (d *Disk) Capabilities() backend.Capabilities {
	return backend.Capabilities{Name: "simdisk", Detail: "files in memory, and a power switch", Depth: d.opts.Depth, Native: backend.AllKinds}
}

// Submit implements backend.Backend. Operations happen when they are reaped, so
// that those of several batches can take turns.
func (d *Disk) Submit(ops, done []*backend.Op) (started, finished int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(ops) == 0 {
		return 0, d.take(done), nil
	}
	if d.closed {
		return 0, 0, backend.ErrClosed
	}
	for started < len(ops) {
		var chain []*backend.Op
		chain, err = backend.NextChain(ops[started:])
		if err != nil || d.flying+len(d.finished)+len(chain) > d.opts.Depth {
			break
		}
		d.running = append(d.running, &turns{ops: slices.Clone(chain)})
		d.flying += len(chain)
		started += len(chain)
	}
	d.changed.Broadcast()
	return started, 0, err
}

// Reap implements backend.Backend. It does one operation of any chain.
func (d *Disk) Reap(done []*backend.Op) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.flying+len(d.finished) == 0 {
		if d.closed {
			return 0, backend.ErrClosed
		}
		d.changed.Wait()
	}
	return d.take(done), nil
}

// take stores what has finished in done, at least one operation if there is any.
func (d *Disk) take(done []*backend.Op) int {
	if len(d.finished) == 0 && d.flying > 0 && len(done) > 0 {
		d.step()
	}
	n := copy(done, d.finished)
	d.finished = slices.Delete(d.finished, 0, n)
	return n
}

// Cancel implements backend.Backend: it is always too late.
func (d *Disk) Cancel(*backend.Op) {}

// Close implements backend.Backend. It does what is in flight.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for d.flying > 0 {
		d.step()
	}
	d.changed.Broadcast()
	return nil
}

// step does the next operation of some chain.
func (d *Disk) step() {
	i := d.rng.Intn(len(d.running))
	t := d.running[i]
	op := t.ops[0]
	if t.ops = t.ops[1:]; len(t.ops) == 0 {
		d.running = slices.Delete(d.running, i, i+1)
	}
	op.N, op.EOF, op.Err, op.Info, op.Entries = 0, false, nil, backend.Info{}, nil
	cause := backend.Check(op)
	switch {
	case t.failed && !(op.Kind == backend.OpClose && op.Handle.IsOpen()):
		cause = backend.ErrCanceled
	case cause == nil:
		cause = d.do(op)
	}
	if cause != nil {
		op.Fail(cause)
		t.failed = true
	}
	d.flying--
	d.finished = append(d.finished, op)
}

// do does op, unless the power is gone, or goes now (by chance before or after
// it), or the operation fails by itself.
func (d *Disk) do(op *backend.Op) error {
	if op.Kind == backend.OpClose {
		*op.Handle = backend.Handle{}
		return nil
	}
	d.operations++
	switch {
	case d.dead:
		return syscall.EIO
	case d.operations == d.cutAt:
		return d.die(op)
	case d.rng.Float64() < d.opts.FailureRate:
		d.failures++
		if op.Kind == backend.OpSync || op.Kind == backend.OpDatasync {
			opened(op.Handle).node.syncFailed()
		}
		return syscall.EIO
	}
	return d.execute(op)
}

func (d *Disk) die(op *backend.Op) error {
	d.dead = true
	if d.rng.Intn(2) == 0 && d.execute(op) == nil && op.Kind == backend.OpOpen {
		*op.Handle = backend.Handle{}
	}
	op.N, op.EOF, op.Info, op.Entries = 0, false, backend.Info{}, nil
	return syscall.EIO
}
