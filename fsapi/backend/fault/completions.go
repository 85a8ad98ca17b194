package fault

import (
	"runtime"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// forward hands ops to the engine. It returns those that the engine refused
// for good, with its error in them.
func (b *Backend) forward(ops []*backend.Op) (refused []*backend.Op) {
	done := make([]*backend.Op, len(ops))
	for len(ops) > 0 {
		started, n, err := b.engine.Submit(ops, done)
		b.deliver(done[:n])
		if ops = ops[started:]; err != nil {
			for _, op := range ops {
				op.Fail(err)
			}
			return ops
		}
		if started == 0 {
			runtime.Gosched() // no more than Depth are in flight: there is room as soon as collect has run
		}
	}
	return nil
}

// collect passes the engine's completions on until there are no more.
func (b *Backend) collect() {
	done := make([]*backend.Op, 64)
	for {
		n, err := b.engine.Reap(done)
		b.deliver(done[:n])
		clear(done)
		if err != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.end = err
			close(b.ended)
			b.changed.Broadcast()
			return
		}
	}
}

// deliver gives operations that the engine has finished to the chain that
// waits for them, or to the submitter.
func (b *Backend) deliver(ops []*backend.Op) {
	for _, op := range ops {
		b.mu.Lock()
		chain := b.waiting[op]
		delete(b.waiting, op)
		b.mu.Unlock()
		if chain != nil {
			chain <- true
		} else {
			b.complete(op)
		}
	}
}

// complete makes op ready for the submitter.
func (b *Backend) complete(op *backend.Op) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if op.Kind == backend.OpClose || op.Kind == backend.OpOpen && op.Err != nil {
		delete(b.paths, op.Handle)
	}
	delete(b.members, op)
	b.record.finished(op)
	b.done = append(b.done, op)
	b.changed.Broadcast()
}

func (b *Backend) notBusy() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy--
	b.changed.Broadcast()
}

// give moves finished operations to done.
func (b *Backend) give(done []*backend.Op) int {
	n := copy(done, b.done)
	b.done = append(b.done[:0], b.done[n:]...)
	clear(b.done[len(b.done) : len(b.done)+n])
	b.taken -= n
	return n
}

// Reap implements backend.Backend.
func (b *Backend) Reap(done []*backend.Op) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.done) == 0 {
		if b.end != nil && b.busy == 0 {
			return 0, b.end
		}
		b.changed.Wait()
	}
	return b.give(done), nil
}
