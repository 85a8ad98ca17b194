//go:build linux && (amd64 || arm64)

package uring

import (
	"slices"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// A chain that opens a file, reads it from its start and closes it needs no
// descriptor of the process: the file goes into the ring's own table (a direct
// descriptor), at a place of the chain's own, and the second call takes the read,
// the look behind it and the close down together. If the read does not get
// everything, which is rare, a helper reads the file again by its name, since by
// then the ring has closed it.

// directFile is what a handle holds whose file is a direct descriptor.
var directFile = new(struct{ _ byte })

func isDirect(h *backend.Handle) bool { return h != nil && h.Private == any(directFile) }

// directKinds are what the ring itself must be able to do.
const directKinds = backend.KindSet(1<<backend.OpOpen | 1<<backend.OpRead | 1<<backend.OpClose)

// useDirect gives the last three of ops, if they are such a chain, the place
// that belongs to the slot of the close, which is the last to come back.
func (s *shard) useDirect(ops []*backend.Op) {
	chain := ops[len(ops)-3:]
	before := len(ops) > 3 && ops[len(ops)-4].Link
	if s.directs == 0 || before || s.native&directKinds != directKinds || !s.readsWholeFile(chain[0], chain[1], chain[2]) {
		return
	}
	for _, op := range chain {
		s.flights[op.Slot.Index()].place = s.directs + uint32(chain[2].Slot.Index())
	}
}

// readsWholeFile reports whether the operations are a chain of that kind.
func (s *shard) readsWholeFile(open, read, end *backend.Op) bool {
	return open.Kind == backend.OpOpen && open.Link && open.Open == 0 &&
		read.Kind == backend.OpRead && read.Link && read.Off == 0 && 0 < len(read.Buf) && len(read.Buf) <= s.chunk && read.Path == open.Path &&
		end.Kind == backend.OpClose && !end.Link &&
		open.Handle != nil && !open.Handle.IsOpen() && open.Handle == read.Handle && open.Handle == end.Handle
}

// openDirectly makes e, the entry of an open, use a place of the table.
func (e *sqe) openDirectly(place uint32) {
	e.fileIndex = place + 1
	e.opFlags &^= unix.O_CLOEXEC // not for files that no descriptor leads to
}

// warmAt is how many files in a row must have been read without waiting before
// the next ones are taken for cached.
const warmAt = 64

// closeBehind adds the close of f's file behind the read e and the look p. Links
// keep the three in order, but the kernel queues what is linked, and looks for
// the end of the file itself as well: a fifth of the time of a small cached file.
// As long as files turn out to be cached, reads that cannot wait, in the order
// of the queue, do without.
func (s *shard) closeBehind(f *flight, e, p *sqe) {
	f.enters = s.stats.Enters
	end := f.next
	clearResults(end.op)
	end.stage, end.linked, end.hardware, end.held = started, true, true, false
	if s.warmth >= warmAt {
		e.flags &^= linkHard
		e.opFlags, p.opFlags = unix.RWF_NOWAIT, unix.RWF_NOWAIT
	} else {
		p.flags |= linkHard
	}
	s.prepare(end)
}

// feel learns from the read f, which has all its completions, whether files are
// in the page cache.
func (s *shard) feel(f *flight) {
	if f.res < 0 || s.stats.Enters > f.enters+1 {
		s.warmth = 0
		return
	}
	s.warmth++
}

// closed ends what h was, however its file was open.
func closed(h *backend.Handle) {
	if isDirect(h) {
		h.Private = nil
	}
	h.SetFD(-1)
}

// lostItsFile: f has to go on with a read whose close may have run already.
func lostItsFile(f *flight) bool { return f.op.Kind == backend.OpRead && isDirect(f.op.Handle) }

// readAgain does the whole read by the file's name.
func readAgain(op *backend.Op) {
	clearResults(op)
	h, direct := new(backend.Handle), op.Handle
	open := backend.Op{Kind: backend.OpOpen, Path: op.Path, Handle: h}
	if backend.Execute(&open); open.Err != nil {
		op.Err = open.Err
		return
	}
	op.Handle = h
	backend.Execute(op)
	op.Handle = direct
	backend.Execute(&backend.Op{Kind: backend.OpClose, Handle: h})
}

// makeTable gives the ring a table with room for n files.
func (r *ring) makeTable(n int) error {
	empty := slices.Repeat([]int32{noFile}, n)
	return abi.IOURingRegister(r.fd, abi.IORING_REGISTER_FILES, unsafe.Pointer(&empty[0]), uint32(n))
}

// opensDirectly finds out whether the kernel can open into the table (5.15):
// one that cannot ignores that it is asked to.
func (r *ring) opensDirectly(place uint32) bool {
	root := []byte("/\x00")
	e := r.add()
	e.opcode, e.fd, e.addr, e.opFlags = abi.IORING_OP_OPENAT, unix.AT_FDCWD, address(&root[0]), unix.O_PATH
	e.openDirectly(place)
	res, err := r.roundTrip()
	if res > 0 {
		unix.Close(int(res))
	}
	if err != nil || res != 0 {
		return false
	}
	e = r.add()
	e.opcode, e.fileIndex = abi.IORING_OP_CLOSE, place+1
	res, err = r.roundTrip()
	return err == nil && res == 0
}
