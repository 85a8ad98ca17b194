//go:build linux && (amd64 || arm64)

package uring

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// registry is what the rings know beforehand: memory whose pages are pinned and
// files whose descriptors are looked up. Every ring has the same.
type registry struct {
	mu     sync.Mutex
	memory atomic.Pointer[[][]byte] // nil: none
	files  [maxFiles]bool           // places in use
}

// maxFiles is the number of places for registered files in a ring's table; those
// for direct descriptors follow.
const maxFiles = 64

// Register pins pieces of memory in every ring until Close. Reads and writes
// whose buffer lies within one of them then save the kernel the look at it:
// about a sixteenth of a cached read of 4 KiB. It can be called once. Each piece
// is at most 1 GiB, there are at most 1,024, and together they count as locked
// memory: beyond RLIMIT_MEMLOCK the error wraps syscall.ENOMEM, and everything
// works as before. The memory stays the caller's, who may use it for anything,
// and is kept alive by the engine; it must not be unmapped before Close.
func (e *Engine) Register(pieces ...[]byte) error {
	e.registry.mu.Lock()
	defer e.registry.mu.Unlock()
	if e.registry.memory.Load() != nil {
		return fmt.Errorf("uring: %w: memory has been registered before", backend.ErrInvalid)
	}
	vectors := make([]syscall.Iovec, len(pieces))
	for i, p := range pieces {
		if len(p) == 0 {
			return fmt.Errorf("uring: %w: an empty piece of memory", backend.ErrInvalid)
		}
		vectors[i].Base = &p[0]
		vectors[i].SetLen(len(p))
	}
	if len(vectors) == 0 {
		return nil
	}
	err := e.eachRing(func(r *ring) error {
		return abi.IOURingRegister(r.fd, abi.IORING_REGISTER_BUFFERS, unsafe.Pointer(&vectors[0]), uint32(len(vectors)))
	})
	if err != nil {
		_ = e.eachRing(func(r *ring) error {
			_ = abi.IOURingRegister(r.fd, abi.IORING_UNREGISTER_BUFFERS, nil, 0) // not all have them
			return nil
		})
		return fmt.Errorf("uring: registering memory: %w", err)
	}
	pieces = slices.Clone(pieces)
	e.registry.memory.Store(&pieces)
	return nil
}

// RegisterFile makes the open file of h known to every ring, so that operations
// on it save the kernel the look-up of its descriptor: a few percent of a
// cached read of 4 KiB. There are 64 places; the error of one more, and where
// the kernel gave no table, wraps backend.ErrUnavailable, and h works as before.
// The kernel keeps the file open
// until release, also after h has been closed. No operation on h may be in
// flight at release; RegisterFile itself may be called at any time before them.
func (e *Engine) RegisterFile(h *backend.Handle) (release func(), err error) {
	if h.FD() < 0 || h.Registered() >= 0 {
		return nil, fmt.Errorf("uring: %w: no open file, or registered already", backend.ErrInvalid)
	}
	g := &e.registry
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.files[:], false)
	if i < 0 || !e.shards[0].registers {
		return nil, fmt.Errorf("uring: %w: no place for one more registered file", backend.ErrUnavailable)
	}
	if err := e.setFile(i, int32(h.FD())); err != nil {
		_ = e.setFile(i, noFile)
		return nil, fmt.Errorf("uring: registering a file: %w", err)
	}
	g.files[i] = true
	h.SetRegistered(i)
	return sync.OnceFunc(func() { e.releaseFile(h, i) }), nil
}

func (e *Engine) releaseFile(h *backend.Handle, i int) {
	e.registry.mu.Lock()
	defer e.registry.mu.Unlock()
	if h.Registered() == i {
		h.SetRegistered(-1)
	}
	if e.setFile(i, noFile) == nil { // else nobody gets the place again
		e.registry.files[i] = false
	}
}

// noFile is what the table has where there is no file.
const noFile int32 = -1

// setFile puts a descriptor into place i of every ring's table.
func (e *Engine) setFile(i int, fd int32) error {
	update := struct {
		offset, resv uint32
		fds          uint64
	}{offset: uint32(i), fds: address(&fd)}
	return e.eachRing(func(r *ring) error {
		return abi.IOURingRegister(r.fd, abi.IORING_REGISTER_FILES_UPDATE, unsafe.Pointer(&update), 1)
	})
}

// eachRing calls fn for the ring of every shard, under the shard's lock.
func (e *Engine) eachRing(fn func(*ring) error) error {
	for _, s := range e.shards {
		if err := s.withRing(fn); err != nil {
			return err
		}
	}
	return nil
}

func (s *shard) withRing(fn func(*ring) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring == nil {
		return backend.ErrClosed
	}
	return fn(s.ring)
}

// useRegistered makes the entry of a read or a write of p use what has been
// registered.
func (g *registry) useRegistered(e *sqe, p []byte) {
	pieces := g.memory.Load()
	if pieces == nil {
		return
	}
	for i, piece := range *pieces {
		if within(p, piece) {
			e.bufIndex = uint16(i)
			if e.opcode == abi.IORING_OP_READ {
				e.opcode = abi.IORING_OP_READ_FIXED
			} else {
				e.opcode = abi.IORING_OP_WRITE_FIXED
			}
			return
		}
	}
}

// within reports whether all of p lies in piece. Neither is empty.
func within(p, piece []byte) bool {
	start, first := address(&p[0]), address(&piece[0])
	return start >= first && start+uint64(len(p)) <= first+uint64(len(piece))
}
