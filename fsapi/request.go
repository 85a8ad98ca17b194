package fsapi

import (
	"sync"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// request is one operation on its way through the engine, with what is to
// happen when it comes back. Requests are pooled; the owner returns them with
// free when complete has looked at the results.
type request struct {
	op     backend.Op
	owner  completer
	role   role
	seg    *segment  // of a read
	file   *scratch  // whose data this writes, opens or closes
	bufs   []*buffer // given back when the request is done
	commit *commit   // whose step it is
	next   *request  // the next member of its chain
	last   *request  // the last member, kept in the first
	taken  bool      // on the way to the engine: the chain cannot grow any more

	started time.Time
}

// completer is told, once and under no lock, that a request is done.
type completer interface{ complete(r *request) }

// role says what a request means to its owner.
type role uint8

const (
	roleOpen    role = iota // of the file itself
	roleClose               // of the file itself
	roleRead                // ahead
	roleStat                // of the file itself
	roleScratch             // open of a scratch file
	roleFlush               // of written data to the scratch file
	roleCommit              // a step of a commit
	roleCleanup             // whose result does not matter
)

var requestPool = sync.Pool{New: func() any { return new(request) }}

func newRequest(owner completer, role role, kind backend.Kind) *request {
	r := requestPool.Get().(*request)
	r.owner, r.role, r.op.Kind = owner, role, kind
	r.op.User = r
	return r
}

func (r *request) free() {
	// The slices, not the buffers, are kept for the next use.
	iov, bufs := r.op.Bufs, r.bufs
	clear(iov)
	clear(bufs)
	*r = request{}
	r.op.Bufs, r.bufs = iov[:0], bufs[:0]
	requestPool.Put(r)
}

// chain links rs into one chain and returns its first member.
func chain(rs ...*request) *request {
	first := rs[0]
	for _, r := range rs[1:] {
		first.append(r)
	}
	return first
}

// append adds r to the chain that starts with first.
func (first *request) append(r *request) {
	last := first
	if first.last != nil {
		last = first.last
	}
	last.next = r
	last.op.Link = true
	first.last = r
}

func (first *request) len() int {
	n := 0
	for r := first; r != nil; r = r.next {
		n++
	}
	return n
}
