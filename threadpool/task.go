package threadpool

import (
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// task is a chain on its way through the pool: the unit of work of a worker.
//
// Submit makes it waiting and puts it into the queue. From there a worker
// claims it (running), or Cancel withdraws it, whichever changes the state
// first. A withdrawn task has no operations any more, but its place in the
// queue is still there: it ends when a worker comes across it, or it is filled
// again, in its place, when Submit needs it.
type task struct {
	next  *task // in a list of tasks: the free ones, a batch, the mutex queue
	state atomic.Int32
	cut   atomic.Int32 // members from this one on are cancelled
	n     int
	ops   [backend.MaxChain]*backend.Op
}

// The states of a task; a free one has any.
const (
	waiting int32 = iota
	running
	withdrawn
)

func (t *task) chain() []*backend.Op { return t.ops[:t.n] }

// fill makes t waiting with the operations of chain.
func (t *task) fill(chain []*backend.Op) {
	t.n = copy(t.ops[:], chain)
	t.cut.Store(backend.MaxChain)
	t.state.Store(waiting)
}

// clear lets go of the operations.
func (t *task) clear() {
	clear(t.ops[:t.n])
	t.n = 0
}

// cutAt cancels the members from i on that have not started yet. Calls exclude
// each other.
func (t *task) cutAt(i int) {
	if int32(i) < t.cut.Load() {
		t.cut.Store(int32(i))
	}
}

// closes reports whether a member closes a handle, which a cancelled chain
// still does.
func (t *task) closes() bool {
	for _, op := range t.chain() {
		if op.Kind == backend.OpClose {
			return true
		}
	}
	return false
}

// run is backend.ExecuteChain with an eye on cut.
func (t *task) run() {
	for i, op := range t.chain() {
		if i >= int(t.cut.Load()) {
			backend.CancelChain(t.ops[i:t.n])
			return
		}
		backend.Execute(op)
		if op.Err != nil {
			backend.CancelChain(t.ops[i+1 : t.n])
			return
		}
	}
}
