//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// noOpcode is in opcodes for what the ring cannot do: OpReadDir.
const noOpcode = 255

// opcodes are the kernel's for each kind.
var opcodes = [backend.Kinds]uint8{
	backend.OpNop:       abi.IORING_OP_NOP,
	backend.OpOpen:      abi.IORING_OP_OPENAT,
	backend.OpClose:     abi.IORING_OP_CLOSE,
	backend.OpRead:      abi.IORING_OP_READ,
	backend.OpWrite:     abi.IORING_OP_WRITE,
	backend.OpReadv:     abi.IORING_OP_READV,
	backend.OpWritev:    abi.IORING_OP_WRITEV,
	backend.OpSync:      abi.IORING_OP_FSYNC,
	backend.OpDatasync:  abi.IORING_OP_FSYNC,
	backend.OpSyncRange: abi.IORING_OP_SYNC_FILE_RANGE,
	backend.OpTruncate:  opFtruncate,
	backend.OpAllocate:  abi.IORING_OP_FALLOCATE,
	backend.OpStat:      abi.IORING_OP_STATX,
	backend.OpRename:    abi.IORING_OP_RENAMEAT,
	backend.OpLink:      abi.IORING_OP_LINKAT,
	backend.OpUnlink:    abi.IORING_OP_UNLINKAT,
	backend.OpMkdir:     abi.IORING_OP_MKDIRAT,
	backend.OpReadDir:   noOpcode,
}

// probeKinds asks the kernel which kinds the ring can do itself: distributions
// backport opcodes, so that the kernel's version says little.
func probeKinds(r *ring) (backend.KindSet, error) {
	p := new(probe)
	if err := abi.IOURingRegister(r.fd, abi.IORING_REGISTER_PROBE, unsafe.Pointer(p), uint32(len(p.ops))); err != nil {
		return 0, err
	}
	return kindsOf(p), nil
}

func kindsOf(p *probe) backend.KindSet {
	var native backend.KindSet
	for kind, opcode := range opcodes {
		if opcode <= p.lastOp && p.ops[opcode].flags&probeSupported != 0 {
			native = native.With(backend.Kind(kind))
		}
	}
	return native
}

// registerWorkers limits the kernel's threads; a kernel without that (before
// 5.15) keeps its own limit.
func registerWorkers(r *ring, n int) {
	limits := [2]uint32{uint32(n), uint32(n)} // for regular files, for everything else
	_ = abi.IOURingRegister(r.fd, registerIOWQMaxWorkers, unsafe.Pointer(&limits), 2)
}

// try sends a no-op through the ring: a seccomp profile may allow setting a
// ring up, and forbid using it.
func (r *ring) try() error {
	r.add().opcode = abi.IORING_OP_NOP
	_, err := r.roundTrip()
	return err
}

// roundTrip submits the one entry of a new ring and waits for its completion.
func (r *ring) roundTrip() (res int32, err error) {
	r.publish()
	if _, errno := r.enter(r.fd, 1, 0); errno != 0 {
		return 0, os.NewSyscallError("io_uring_enter", errno)
	}
	for range 1000 {
		if r.completed() > 0 {
			res = r.next().res
			r.consumed()
			return res, nil
		}
		time.Sleep(time.Millisecond)
		_, _ = r.enter(r.fd, 0, abi.IORING_ENTER_FLAGS_GETEVENTS)
	}
	return 0, syscall.EIO
}
