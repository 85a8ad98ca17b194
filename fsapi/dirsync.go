package fsapi

import (
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// dirSyncs syncs directories. Who wants a directory synced while a sync of it
// is under way waits for the next one, together with everybody else who comes
// until then: many commits share one sync. If it fails, they fail as well: their
// names may be among those that it has lost, and the kernel reports that once.
//
// A commit that fails after it has changed a name changes it back, and does not
// sync that: after a crash the name may lead to what was never committed. Such a
// directory is in doubt until a sync that begins later succeeds. An append to a
// file there, which would not touch the directory otherwise, syncs it first.
type dirSyncs struct {
	fs      *FS
	mu      sync.Mutex
	dirs    map[string]*dirSync
	doubts  map[string]uint64 // directories in doubt, each with the number of its last doubt
	doubted uint64            // the last number given
}

// dirWaiter is told, under no lock, that a directory is on the device.
type dirWaiter interface{ dirSynced(error) }

// dirSync is a directory that is being synced.
type dirSync struct {
	all     *dirSyncs
	path    string
	handle  backend.Handle
	pending int // requests out
	err     error
	doubt   uint64      // the last one that the sync under way can end
	now     []dirWaiter // wait for the sync under way
	later   []dirWaiter // came too late for it
}

// sync syncs the directory path for w.
func (d *dirSyncs) sync(path string, w ...dirWaiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs == nil {
		d.dirs = make(map[string]*dirSync)
	}
	s := d.dirs[path]
	if s == nil {
		s = &dirSync{all: d, path: path}
		d.dirs[path] = s
		s.now = w
		s.start()
		return
	}
	s.later = append(s.later, w...)
}

// doubt says that the names in the directory path may not be what the device
// has.
func (d *dirSyncs) doubt(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.doubts == nil {
		d.doubts = make(map[string]uint64)
	}
	d.doubted++
	d.doubts[path] = d.doubted
}

func (d *dirSyncs) inDoubt(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.doubts[path] > 0
}

// start queues open, sync and close of the directory as one chain.
func (s *dirSync) start() {
	s.err, s.doubt = nil, s.all.doubted
	open := newRequest(s, roleCommit, backend.OpOpen)
	open.op.Open = backend.OpenDirectory
	first := chain(open, newRequest(s, roleCommit, backend.OpSync), newRequest(s, roleCommit, backend.OpClose))
	for r := first; r != nil; r = r.next {
		r.op.Path, r.op.Handle = s.path, &s.handle
		s.pending++
	}
	s.all.fs.queue.put(first)
}

// complete implements completer.
func (s *dirSync) complete(r *request) {
	d := s.all
	d.mu.Lock()
	s.pending--
	if r.op.Kind != backend.OpClose {
		s.err = causeOf(s.err, r.op.Err)
	}
	r.free()
	if s.pending > 0 {
		d.mu.Unlock()
		return
	}
	waiters, err := s.now, s.err
	if err == nil && d.doubts[s.path] <= s.doubt {
		delete(d.doubts, s.path)
	}
	if err != nil {
		waiters, s.later = append(waiters, s.later...), nil
	}
	s.now, s.later = s.later, nil
	if len(s.now) > 0 {
		s.start()
	} else {
		delete(d.dirs, s.path)
	}
	d.mu.Unlock()
	for _, w := range waiters {
		w.dirSynced(err)
	}
}
