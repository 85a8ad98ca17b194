//go:build linux && (amd64 || arm64)

package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"
)

// setupFunc is io_uring_setup.
type setupFunc func(entries uint, p *abi.IOURingParams) (fd int, err error)

// ring is one io_uring instance: its descriptor and the two queues, mapped. It
// is not safe for concurrent use; the kernel is the only other party.
type ring struct {
	fd       int
	flags    uint32 // what set-up accepted
	features uint32

	enter enterFunc

	memory, entryMemory []byte

	entries []sqe // submission queue entries
	sqHead  *uint32
	sqTail  *uint32
	sqFlags *uint32
	sqMask  uint32
	tail    uint32 // ours; published by publish

	events  []cqe // completion queue
	cqHead  *uint32
	cqTail  *uint32
	cqFlags *uint32
	cqMask  uint32
	head    uint32 // ours; published by consumed
}

// flagSets are tried in this order, since older kernels refuse flags that they
// do not know with EINVAL. SUBMIT_ALL (5.18): a bad entry does not stop the
// batch. COOP_TASKRUN (5.19): completions do not interrupt running threads.
// NO_SQARRAY (6.6): one indirection less.
var flagSets = []uint32{
	abi.IORING_SETUP_SUBMIT_ALL | abi.IORING_SETUP_COOP_TASKRUN | setupNoSQArray,
	abi.IORING_SETUP_SUBMIT_ALL | abi.IORING_SETUP_COOP_TASKRUN,
	abi.IORING_SETUP_SUBMIT_ALL,
	0,
}

// neededFeatures: one mapping for both rings (5.4), completions that are kept
// on overflow (5.5), the file's own position as offset (5.6). EXT_ARG is the
// mark of 5.11, the oldest kernel that this engine is meant for.
const neededFeatures = abi.IORING_FEAT_SINGLE_MMAP | abi.IORING_FEAT_NODROP | abi.IORING_FEAT_RW_CUR_POS | featExtArg

// openRing sets up a ring with at least the given numbers of entries, unless
// the kernel's own limits are lower.
func openRing(setup setupFunc, submissions, completions int) (*ring, error) {
	var params abi.IOURingParams
	fd, err := -1, error(nil)
	for _, flags := range flagSets {
		params = abi.IOURingParams{
			Flags:     flags | abi.IORING_SETUP_CLAMP | abi.IORING_SETUP_CQSIZE,
			CQEntries: uint32(completions),
		}
		fd, err = setup(uint(submissions), &params)
		if !errors.Is(err, syscall.EINVAL) {
			break
		}
	}
	if err != nil {
		return nil, unavailable("set-up", err)
	}
	r := &ring{fd: fd, flags: params.Flags, features: params.Features, enter: enter}
	if missing := neededFeatures &^ params.Features; missing != 0 {
		r.close()
		return nil, unavailable(fmt.Sprintf("features %#x are missing", missing), syscall.EOPNOTSUPP)
	}
	if err := r.mapQueues(&params); err != nil {
		r.close()
		return nil, unavailable("mapping the queues", err)
	}
	return r, nil
}

func (r *ring) mapQueues(p *abi.IOURingParams) (err error) {
	size := max(p.SQOffset.Array+p.SQEntries*4, p.CQOffset.Cqes+p.CQEntries*uint32(unsafe.Sizeof(cqe{})))
	if r.memory, err = r.mmap(abi.IORING_OFF_SQ_RING, int(size)); err != nil {
		return err
	}
	r.entryMemory, err = r.mmap(abi.IORING_OFF_SQES, int(p.SQEntries)*int(unsafe.Sizeof(sqe{})))
	if err != nil {
		return err
	}
	r.entries = unsafe.Slice((*sqe)(unsafe.Pointer(&r.entryMemory[0])), p.SQEntries)
	r.sqHead, r.sqTail, r.sqFlags = r.word(p.SQOffset.Head), r.word(p.SQOffset.Tail), r.word(p.SQOffset.Flags)
	r.sqMask = *r.word(p.SQOffset.RingMask)
	r.tail = *r.sqTail
	r.events = unsafe.Slice((*cqe)(unsafe.Pointer(&r.memory[p.CQOffset.Cqes])), p.CQEntries)
	r.cqHead, r.cqTail, r.cqFlags = r.word(p.CQOffset.Head), r.word(p.CQOffset.Tail), r.word(p.CQOffset.Flags)
	r.cqMask = *r.word(p.CQOffset.RingMask)
	r.head = *r.cqHead
	if p.Flags&setupNoSQArray == 0 {
		array := unsafe.Slice(r.word(p.SQOffset.Array), p.SQEntries)
		for i := range array {
			array[i] = uint32(i) // entries are always used in the order of the queue
		}
	}
	return nil
}

func (r *ring) mmap(offset uint64, size int) ([]byte, error) {
	return unix.Mmap(r.fd, int64(offset), size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
}

func (r *ring) word(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.memory[offset])) }

func (r *ring) close() {
	if r.memory != nil {
		unix.Munmap(r.memory)
	}
	if r.entryMemory != nil {
		unix.Munmap(r.entryMemory)
	}
	unix.Close(r.fd)
}

// queued returns how many entries the kernel has not taken. The load is an
// acquire: entries before the head may be overwritten only after the kernel
// has read them.
func (r *ring) queued() int { return int(r.tail - atomic.LoadUint32(r.sqHead)) }

// free returns how many entries can be added.
func (r *ring) free() int { return len(r.entries) - r.queued() }

// add appends an empty entry, for which there must be room.
func (r *ring) add() *sqe {
	e := &r.entries[r.tail&r.sqMask]
	*e = sqe{}
	r.tail++
	return e
}

// publish shows the kernel what was added. The store is a release: the
// contents of the entries must be visible before the tail is.
func (r *ring) publish() { atomic.StoreUint32(r.sqTail, r.tail) }

// cutChain is called after the kernel took only part of what was queued. If
// it stopped inside a linked chain it has already started the front of the
// chain, and would later run the rest as if it depended on nothing. Those
// entries become no-ops, marked so that their completions count as cancelled.
func (r *ring) cutChain() {
	head := atomic.LoadUint32(r.sqHead)
	for ; head != r.tail; head++ {
		before := &r.entries[(head-1)&r.sqMask]
		if before.flags&(linkSoft|linkHard) == 0 {
			return
		}
		before.flags &^= linkSoft | linkHard
		e := &r.entries[head&r.sqMask]
		*e = sqe{opcode: abi.IORING_OP_NOP, flags: e.flags & (linkSoft | linkHard), userData: e.userData | cutMark}
	}
}

// completed returns the number of completions that can be read. The load is
// an acquire: the events before the tail must be read after it.
func (r *ring) completed() int { return int(atomic.LoadUint32(r.cqTail) - r.head) }

// next returns the next completion, of which there must be one.
func (r *ring) next() cqe {
	e := r.events[r.head&r.cqMask]
	r.head++
	return e
}

// consumed gives what next has returned back to the kernel. The store is a
// release: the events must have been read before they can be overwritten.
func (r *ring) consumed() { atomic.StoreUint32(r.cqHead, r.head) }

// overflowed reports that completions wait in the kernel for room in the queue.
func (r *ring) overflowed() bool {
	return atomic.LoadUint32(r.sqFlags)&abi.IORING_SQ_CQ_OVERFLOW != 0
}

// signal switches the eventfd on or off. It needs sequential consistency, which
// Go's atomics have: whoever switches it on looks at completed once more, and
// that load must not happen before this store.
func (r *ring) signal(on bool) {
	if on {
		atomic.StoreUint32(r.cqFlags, 0)
	} else {
		atomic.StoreUint32(r.cqFlags, cqEventfdDisabled)
	}
}
