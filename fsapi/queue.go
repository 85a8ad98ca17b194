package fsapi

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// queue holds what waits to be submitted. Requests gather here, so that one
// system call takes many of them down; they leave when somebody flushes: a
// goroutine that is about to wait, the end of a Batch or of a round of
// callbacks, a queue that has grown long, or else a goroutine that exists for
// that only.
type queue struct {
	mu      sync.Mutex
	chains  []*request // first members; those before head have left
	head    int
	ops     int  // members of all chains
	kicked  bool // a flushing goroutine is on its way
	holding int  // Batches and rounds of callbacks under way: they will flush

	waiting atomic.Int64 // ops, readable without the lock
	flying  atomic.Int64 // operations that the engine has
}

// flushAt is the queue length at which a call that queues also flushes.
const flushAt = 32

// put queues chains, given by their first members, all at once.
func (q *queue) put(firsts ...*request) {
	q.mu.Lock()
	q.chains = append(q.chains, firsts...)
	for _, first := range firsts {
		q.count(first.len())
	}
	q.mu.Unlock()
}

// count adds n to the number of members. The caller holds q.mu.
func (q *queue) count(n int) {
	q.ops += n
	q.waiting.Store(int64(q.ops))
}

// extend adds r to the chain that starts with first, or reports false because
// that has been submitted.
func (q *queue) extend(first, r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if first.taken {
		return false
	}
	first.append(r)
	q.count(1)
	return true
}

// take moves whole chains, room operations at most, from the queue into b.
func (q *queue) take(b *batch, room int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head < len(q.chains) {
		first := q.chains[q.head]
		n := first.len()
		if len(b.ops)+n > room {
			break
		}
		q.chains[q.head] = nil
		q.head++
		q.count(-n)
		first.taken = true
		b.chains = append(b.chains, first)
		b.lens = append(b.lens, n)
		for r := first; r != nil; r = r.next {
			b.ops = append(b.ops, &r.op)
		}
	}
	if q.head == len(q.chains) {
		q.chains, q.head = q.chains[:0], 0
	}
}

// putBack returns the chains of b from operation started on to the front. Those
// before may have come back already, and be something else by now.
func (q *queue) putBack(b *batch, started int) {
	seen, i := 0, 0
	for seen < started {
		seen += b.lens[i]
		i++
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.chains = append(append([]*request(nil), b.chains[i:]...), q.chains[q.head:]...)
	q.head = 0
	q.count(len(b.ops) - started)
}

// batch is the scratch space of one flush.
type batch struct {
	chains []*request
	lens   []int // of the chains
	ops    []*backend.Op
	done   []*backend.Op // room for all of ops, and some of what finishes meanwhile
}

// room is for completions of a flush: one that found no place would wake the
// reaper.
func (b *batch) room() []*backend.Op {
	b.done = slices.Grow(b.done[:0], max(64, len(b.ops)))
	return b.done[:cap(b.done)]
}

var batchPool = sync.Pool{New: func() any { return new(batch) }}

func (b *batch) clear() {
	clear(b.chains)
	clear(b.ops)
	b.chains, b.lens, b.ops = b.chains[:0], b.lens[:0], b.ops[:0]
}

func (b *batch) free() {
	b.clear()
	batchPool.Put(b)
}

// flushRounds bounds how often one flush goes on with what its completions
// have queued; what is left then is kicked.
const flushRounds = 8

// flush submits what is queued, and handles what has finished. The caller
// holds no lock. It does not wait for anything. What the engine has no room
// for goes down when the reaper has made room.
func (fs *FS) flush() {
	if fs.queue.waiting.Load() == 0 {
		return
	}
	b := batchPool.Get().(*batch)
	defer b.free()
	for range flushRounds {
		fs.queue.take(b, fs.depth-int(fs.queue.flying.Load()))
		if len(b.ops) == 0 || fs.submit(b) {
			return
		}
		b.clear()
	}
	fs.kick()
}

// submit hands b to the engine and handles completions. It reports true when
// the engine did not take everything and the reaper will go on with the rest.
// When all that filled the engine has come back meanwhile, there is nothing
// that the reaper could wake up for.
func (fs *FS) submit(b *batch) (stuck bool) {
	now := time.Now()
	for _, op := range b.ops {
		op.User.(*request).started = now
	}
	// Counted before the engine has them: a completion may be faster.
	fs.queue.flying.Add(int64(len(b.ops)))
	done := b.room()
	started, finished, err := fs.backend.Submit(b.ops, done)
	if rest := len(b.ops) - started; rest > 0 {
		if err != nil {
			fs.fail(b.ops[started:], err)
		} else {
			fs.queue.putBack(b, started)
			stuck = true
		}
		// Last: who finds the engine empty must find what was put back.
		fs.queue.flying.Add(int64(-rest))
	}
	fs.finish(done[:finished])
	return stuck && fs.queue.flying.Load() > 0
}

// fail completes operations that the engine refused for good.
func (fs *FS) fail(ops []*backend.Op, err error) {
	for _, op := range ops {
		op.N, op.EOF = 0, false
		op.Fail(err)
		r := op.User.(*request)
		r.owner.complete(r)
	}
	fs.settleBudgets()
}

// finish handles completions. The caller holds no lock.
func (fs *FS) finish(done []*backend.Op) {
	if len(done) == 0 {
		return
	}
	now := time.Now()
	fs.queue.flying.Add(int64(-len(done)))
	for i, op := range done {
		r := op.User.(*request)
		fs.stats.finished(r, now)
		done[i] = nil
		r.owner.complete(r)
	}
	fs.settleBudgets()
}

// reap is the one goroutine that waits for the engine. It never runs user
// code, so nothing can hold it up.
func (fs *FS) reap() {
	defer close(fs.reaped)
	done := make([]*backend.Op, 256)
	for {
		n, err := fs.backend.Reap(done)
		fs.finish(done[:n])
		switch {
		case fs.queue.waiting.Load() == 0:
		case fs.queue.held():
			fs.kick() // who holds the queue may be waiting for what is in it
		default:
			fs.flush()
		}
		if err != nil {
			fs.reapingEnded(err)
			return
		}
	}
}

func (q *queue) held() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.holding > 0
}

// settle ends a call that may have queued something: it hands out freed
// buffers and sees to it that the queue will be flushed. The caller holds no
// lock.
func (fs *FS) settle() {
	fs.settleBudgets()
	switch n := fs.queue.waiting.Load(); {
	case n >= flushAt:
		fs.flush()
	case n > 0:
		fs.kick()
	}
}

// kick makes sure that somebody flushes soon.
func (fs *FS) kick() {
	q := &fs.queue
	q.mu.Lock()
	held := q.holding > 0
	start := !q.kicked && !held && q.ops > 0
	q.kicked = q.kicked || start
	q.mu.Unlock()
	if held {
		fs.dispatch.guard() // the holder may block
	}
	if start {
		go fs.flushKicked()
	}
}

func (fs *FS) flushKicked() {
	fs.queue.mu.Lock()
	fs.queue.kicked = false
	fs.queue.mu.Unlock()
	fs.flush()
}

// hold keeps the queue from being flushed by kicks until release.
func (q *queue) hold() {
	q.mu.Lock()
	q.holding++
	q.mu.Unlock()
}

func (q *queue) release() {
	q.mu.Lock()
	q.holding--
	q.mu.Unlock()
}

// Batch runs fn and then submits everything that was started inside in as few
// system calls as can be. Calls inside fn that wait submit what there is
// before they do; so does a queue that has grown long. Batches may nest and
// may run in several goroutines.
func (fs *FS) Batch(fn func()) {
	fs.queue.hold()
	defer func() {
		fs.queue.release()
		fs.settleBudgets()
		fs.flush()
	}()
	fn()
}
