package fsapi

import (
	"math/bits"
	"sync"
)

// Buffers come in powers of two from 4 KiB to 1 MiB, one pool for each.
const (
	minBuffer     = 4 << 10
	maxBuffer     = 1 << 20
	bufferClasses = 9
)

// buffer is a pooled piece of memory. It is charged to the budget by its
// whole size for as long as somebody has it.
type buffer struct {
	mem   []byte // len is the size of the class
	used  int    // bytes filled, for write buffers
	class uint8
}

var bufferPools [bufferClasses]sync.Pool

// bufferClass returns the class of the smallest buffer that holds n bytes, the
// largest class at most.
func bufferClass(n int) uint8 {
	if n <= minBuffer {
		return 0
	}
	return uint8(min(bits.Len(uint(n-1))-bits.Len(minBuffer-1), bufferClasses-1))
}

// bufferSize returns the size of the buffer that newBuffer(n) would return.
func bufferSize(n int) int { return minBuffer << bufferClass(n) }

func newBuffer(n int) *buffer {
	class := bufferClass(n)
	if b, ok := bufferPools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{mem: make([]byte, minBuffer<<class), class: class}
}

// free gives the memory to the next user. Nobody may hold a slice of it.
func (b *buffer) free() {
	b.used = 0
	bufferPools[b.class].Put(b)
}

func (b *buffer) room() []byte   { return b.mem[b.used:] }
func (b *buffer) filled() []byte { return b.mem[:b.used] }
func (b *buffer) size() int64    { return int64(len(b.mem)) }
