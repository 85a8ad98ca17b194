//go:build linux && (amd64 || arm64)

package uring

import (
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// flight is what a shard knows about an operation beside its slot. It also
// holds the memory that the kernel reads and writes until the completion:
// flights are heap memory that never moves.
type flight struct {
	op   *backend.Op
	next *flight // of the chain

	owed   uint8 // completions that the kernel owes for this operation
	res    int32 // the last result
	peeked int32 // the result of the read behind a read, see probed

	stage    stage
	linked   bool // in the kernel behind its predecessor, which is not settled yet
	hardware bool // in the kernel as a link: cancelled may mean that the link broke
	held     bool // res came while linked
	orphan   bool // an earlier member of the chain failed
	canceled bool
	helped   bool // waits for the helper pool, or is in it
	fresh    bool // its handle has just been opened: the file's own position is 0
	probed   bool // a read of one byte runs behind the read, to tell the end of the file

	enters uint64 // before the read went down
	place  uint32 // in the ring's table, of a direct descriptor; 0: the chain uses none

	path, newPath []byte // NUL-terminated
	iov           []unix.Iovec
	statx         *unix.Statx_t
	peek          [1]byte
}

// stage is where an operation stands.
type stage uint8

const (
	waiting stage = iota // for its turn, or for a first entry
	started              // has had an entry: N counts
)

// begin prepares f for a new operation. Buffers of earlier ones are kept.
func (f *flight) begin(op *backend.Op) {
	*f = flight{op: op, path: f.path, newPath: f.newPath, iov: f.iov, statx: f.statx}
}

// maxTransfer is the most that one entry asks for: the kernel would cut at
// 2 GiB less a page.
const maxTransfer = 1 << 30

// maxVectors is the kernel's limit of buffers in one transfer.
const maxVectors = 1024

func transfers(k backend.Kind) bool {
	return k == backend.OpRead || k == backend.OpWrite || k == backend.OpReadv || k == backend.OpWritev
}

func reads(k backend.Kind) bool { return k == backend.OpRead || k == backend.OpReadv }

// readyQueue holds flights that can go on. A flight is in it at most once.
type readyQueue struct {
	ring       []*flight
	head, tail uint
}

func newReadyQueue(n int) readyQueue { return readyQueue{ring: make([]*flight, ceilPowerOfTwo(n))} }

func (q *readyQueue) len() int { return int(q.tail - q.head) }

func (q *readyQueue) push(f *flight) {
	q.ring[q.tail&uint(len(q.ring)-1)] = f
	q.tail++
}

func (q *readyQueue) pop() *flight {
	f := q.ring[q.head&uint(len(q.ring)-1)]
	q.head++
	return f
}
