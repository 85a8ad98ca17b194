package fsapi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// scratch is a file that holds data before its commit. For a created file it
// has a temporary name in the directory of the final one, and becomes the
// file; for an append it has no name and its data is copied. Dropped, it
// disappears when nothing is in flight on it any more.
type scratch struct {
	owner    *File
	handle   backend.Handle
	path     string // temporary name; the directory, for one without a name
	named    bool
	state    fileState // fileCreated: not opened yet
	size     int64     // bytes written or on their way
	synced   bool      // the data is on the device
	inflight int
	dropped  bool
	gone     func() // called when it has been dropped and nothing is left of it
}

// newScratch returns the place for the uncommitted data of w.
func (w *writeState) newScratch() *scratch {
	s := &scratch{owner: w.file}
	if w.create != nil {
		s.path, s.named = tempName(w.file.path), true
	} else {
		s.path = filepath.Dir(w.file.path)
	}
	return s
}

var (
	tempCount atomic.Uint64
	tempHost  = hostName()
	tempPID   = os.Getpid()
)

func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return filepath.Base(name)
}

// tempName returns a new name in the directory of path. It has the form of
// Dovecot's temporary files, so that Dovecot removes what a crash leaves in a
// store that it shares.
func tempName(path string) string {
	now := time.Now()
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".temp.%d.P%dQ%dM%d.%s",
		now.Unix(), tempPID, tempCount.Add(1), now.Nanosecond()/1000, tempHost))
}

// openRequest returns the request that opens s.
func (s *scratch) openRequest(c *creation) *request {
	r := newRequest(s.owner, roleScratch, backend.OpOpen)
	r.op.Path, r.op.Handle = s.path, &s.handle
	if s.named {
		r.op.Open, r.op.Mode = backend.OpenCreate|backend.OpenExclusive, 0o600
	} else {
		r.op.Open, r.op.Mode = backend.OpenUnnamed, 0o600
	}
	if c != nil {
		r.op.Mode, r.op.Exact, r.op.Group = c.perm.Mode, true, c.perm.Group
	}
	s.state = fileOpening
	s.watch(r)
	return r
}

// watch makes r a request of s.
func (s *scratch) watch(r *request) {
	r.file = s
	s.inflight++
}

// done takes back a request of s. It reports true when s has been dropped:
// then the result matters to nobody.
func (s *scratch) done(r *request) bool {
	s.inflight--
	if r.role == roleScratch {
		s.state = fileOpen
		if r.op.Err != nil {
			s.state = fileFailed
			s.disown(r.op.Err)
		}
	}
	if s.dropped {
		s.clean()
	}
	if s.dropped && s.inflight == 0 && s.gone != nil {
		s.gone()
		s.gone = nil
	}
	return s.dropped
}

// disown removes the name after an open that failed. There should be none, but
// an error need not mean that nothing has happened; only a name that was taken
// is somebody else's.
func (s *scratch) disown(err error) {
	if !s.named || errors.Is(err, fs.ErrExist) {
		return
	}
	r := newRequest(s.owner, roleCleanup, backend.OpUnlink)
	r.op.Path = s.path
	s.watch(r)
	s.owner.queueRequest(r)
}

// drop gives s up. The caller holds the file's mutex.
func (s *scratch) drop() {
	s.dropped = true
	s.clean()
}

// clean removes name and descriptor once nothing is in flight. The name first,
// so that nobody meets a descriptor that is closed while the name is there.
func (s *scratch) clean() {
	if s.inflight > 0 || s.state != fileOpen {
		return
	}
	s.state = fileFailed
	var first *request
	if s.named {
		first = newRequest(s.owner, roleCleanup, backend.OpUnlink)
		first.op.Path = s.path
	}
	r := newRequest(s.owner, roleCleanup, backend.OpClose)
	r.op.Handle, r.op.Path = &s.handle, s.path
	if first != nil {
		first.append(r)
	} else {
		first = r
	}
	for r := first; r != nil; r = r.next {
		s.watch(r)
	}
	s.owner.queueRequest(first)
}
