//go:build linux && (amd64 || arm64)

package uring

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// shard is one ring with the operations that were started on it. Everything in
// it lives under mu, but for busy.
type shard struct {
	engine *Engine
	index  int
	native backend.KindSet
	chunk  int // bytes of one entry at most

	registers bool   // the ring has a table of files
	directs   uint32 // where in it the places of direct descriptors begin; 0: none
	warmth    int    // whole files in a row that were cached

	mu       sync.Mutex
	ring     *ring // nil after release
	slots    *backend.Slots
	flights  []flight // beside slots
	ready    readyQueue
	inKernel int  // completions that the kernel owes us
	armed    bool // the eventfd is switched on

	out   []*backend.Op // of the call that holds the lock
	given int           // how many of out are filled
	freed int           // how many of those have given back their depth
	spilt bool          // something went to the finished queue instead

	stats Stats
	busy  atomic.Int64 // operations in flight, for those who do not hold the lock
}

func openShard(e *Engine, o Options, setup setupFunc) (*shard, error) {
	r, err := openRing(setup, o.submissionEntries(), o.completionEntries())
	if err != nil {
		return nil, err
	}
	native, err := outfit(r, e.wakeups.fd, o)
	if err != nil {
		r.close()
		return nil, err
	}
	s := &shard{
		engine: e, index: len(e.shards), ring: r, native: native, chunk: maxTransfer,
		slots:   backend.NewSlots(o.Depth),
		flights: make([]flight, o.Depth),
		ready:   newReadyQueue(o.Depth),
	}
	// Whoever may not have a table does without: its length counts against RLIMIT_NOFILE.
	s.registers = r.makeTable(maxFiles+o.Depth) == nil
	if s.registers && r.opensDirectly(maxFiles) {
		s.directs = maxFiles
	}
	return s, nil
}

// outfit tries the new ring out and registers what it needs.
func outfit(r *ring, eventfd int, o Options) (native backend.KindSet, err error) {
	if err = r.try(); err != nil {
		return 0, unavailable("trying out the ring", err)
	}
	if native, err = probeKinds(r); err != nil {
		return 0, unavailable("probing the operations", err)
	}
	r.signal(false)
	fd := int32(eventfd)
	if err = abi.IOURingRegister(r.fd, abi.IORING_REGISTER_EVENTFD, unsafe.Pointer(&fd), 1); err != nil {
		return 0, unavailable("registering the eventfd", err)
	}
	registerWorkers(r, o.Workers)
	return native, nil
}

// accept puts the chains ops into slots and makes their first members ready.
func (s *shard) accept(ops []*backend.Op) {
	var previous *flight
	for i, op := range ops {
		s.slots.Acquire(op)
		f := &s.flights[op.Slot.Index()]
		f.begin(op)
		if previous == nil {
			s.ready.push(f)
		} else {
			previous.next = f
		}
		previous = f
		if !op.Link || i == len(ops)-1 {
			previous = nil
		}
		if i >= 2 && op.Kind == backend.OpClose {
			s.useDirect(ops[:i+1])
		}
	}
}

// drive does everything that can be done without waiting: it prepares what is
// ready, gives it to the kernel in one call, and handles the completions,
// which make more ready.
func (s *shard) drive() {
	for {
		s.launchReady()
		moved := s.flush()
		if reaped := s.reap(); reaped == 0 && !moved {
			return
		}
	}
}

// flush gives the kernel what is queued and reports whether it took any. What
// it does not take stays queued with its memory, and is tried again.
func (s *shard) flush() (moved bool) {
	n := s.ring.queued()
	if n == 0 {
		return false
	}
	s.ring.publish()
	for n > 0 {
		taken, errno := s.ring.enter(s.ring.fd, uint32(n), 0)
		s.stats.Enters++
		switch {
		case errno == syscall.EINTR:
			continue
		case errno == syscall.EAGAIN || errno == syscall.EBUSY:
			return moved // short of memory, or completions must be reaped first
		case errno != 0:
			s.engine.fail(fmt.Errorf("io_uring_enter: %w", errno))
			return false
		case taken == 0:
			return moved
		}
		s.inKernel += taken
		s.stats.Submitted += uint64(taken)
		moved = true
		if n = s.ring.queued(); n > 0 {
			s.ring.cutChain()
		}
	}
	return moved
}

// reap handles all completions that are there and returns how many there were.
func (s *shard) reap() (reaped int) {
	for {
		n := s.ring.completed()
		if n == 0 && s.ring.overflowed() {
			s.stats.Overflows++
			if _, errno := s.ring.enter(s.ring.fd, 0, abi.IORING_ENTER_FLAGS_GETEVENTS); errno == syscall.EBADR {
				s.engine.fail(fmt.Errorf("io_uring lost a completion: %w", errno))
				return reaped
			}
			n = s.ring.completed()
		}
		if n == 0 {
			return reaped
		}
		for range n {
			c := s.ring.next()
			s.inKernel--
			s.completed(c.userData, c.res)
		}
		s.ring.consumed()
		reaped += n
	}
}

// deliver hands a finished operation to whoever holds the lock, or else queues
// it for anybody who reaps.
func (s *shard) deliver(f *flight) {
	op := s.slots.Release(f.op.Slot)
	f.op = nil
	s.stats.Completed++
	if s.given < len(s.out) {
		s.out[s.given] = op
		s.given++
		return
	}
	s.engine.finished.put(op)
	s.spilt = true
}

// makeRoom gives back the depth of what has been delivered since the last call
// and returns how much that was.
func (s *shard) makeRoom() int {
	n := s.given - s.freed
	s.freed = s.given
	if n > 0 {
		s.engine.inFlight.Add(int64(-n))
	}
	return n
}

// quiet switches the eventfd off while the holder of the lock looks at the
// completions anyway.
func (s *shard) quiet() {
	if s.armed {
		s.armed = false
		s.ring.signal(false)
	}
}

// unlock ends a call's work on the shard. It returns how many operations it
// has delivered, and whether work is left that only another try can move. If
// somebody waits for what the kernel still owes, it switches the eventfd on,
// and looks once more, since completions before that did not signal.
func (s *shard) unlock() (given int, stuck bool) {
	s.busy.Store(int64(s.slots.InFlight()))
	waited := s.engine.wakeups.waiters.Load() > 0
	for waited && !s.armed && s.inKernel > 0 {
		s.armed = true
		s.ring.signal(true)
		if s.ring.completed() == 0 {
			break
		}
		s.quiet()
		s.drive()
		s.busy.Store(int64(s.slots.InFlight()))
	}
	if !waited {
		s.quiet()
	}
	s.makeRoom()
	given, stuck = s.given, s.stuck()
	notify := s.spilt || stuck
	s.out, s.given, s.freed, s.spilt = nil, 0, 0, false
	s.mu.Unlock()
	if notify {
		s.engine.wakeups.notify()
	}
	return given, stuck
}

// stuck: the kernel was short of memory, and owes nothing that would wake us.
func (s *shard) stuck() bool {
	return s.ring != nil && s.inKernel == 0 && (s.ring.queued() > 0 || s.ready.len() > 0)
}

// release unmaps the ring. After that the shard only refuses.
func (s *shard) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring.close()
	s.ring, s.armed, s.inKernel = nil, false, 0
}
