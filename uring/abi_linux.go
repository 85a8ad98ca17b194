//go:build linux && (amd64 || arm64)

package uring

import abi "github.com/iceber/iouring-go/syscall"

// Parts of the kernel's interface that the abi package lacks, with the kernel
// that brought them.
const (
	setupNoSQArray uint32 = 1 << 16 // 6.6

	featExtArg uint32 = 1 << 8 // 5.11

	registerIOWQMaxWorkers uint8 = 19 // 5.15

	opFtruncate uint8 = 55 // 6.9

	cqEventfdDisabled uint32 = 1 // in the completion queue's flags, 5.8

	probeSupported uint16 = 1 // in probeOp.flags, 5.6

	// currentPosition as the offset of a read means the file's own position (5.6).
	currentPosition = ^uint64(0)
)

// sqe is struct io_uring_sqe. Fields that the kernel has as a union are named
// after their most common use.
type sqe struct {
	opcode      uint8
	flags       uint8
	ioprio      uint16
	fd          int32
	off         uint64 // also: second address
	addr        uint64
	len         uint32
	opFlags     uint32
	userData    uint64
	bufIndex    uint16
	personality uint16
	fileIndex   uint32
	addr3       uint64
	pad         uint64
}

// cqe is struct io_uring_cqe.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// probe is struct io_uring_probe with room for every opcode there can be.
type probe struct {
	lastOp uint8
	opsLen uint8
	resv   uint16
	resv2  [3]uint32
	ops    [256]probeOp
}

type probeOp struct {
	op    uint8
	resv  uint8
	flags uint16
	resv2 uint32
}

const (
	linkSoft = abi.IOSQE_FLAGS_IO_LINK     // the next entry starts if this one did all it was asked to
	linkHard = abi.IOSQE_FLAGS_IO_HARDLINK // the next entry starts when this one has ended, however
)
