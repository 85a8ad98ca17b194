package fsapi

import (
	"strings"
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// fetchDir is the directory of the first file of a fetch, open. Mail is read by
// the mailbox: many files of one directory, at the end of a long path, and an
// open directory saves the walk down that path for each of them. Nobody waits
// for it: files that come before it is there are opened by their whole path.
type fetchDir struct {
	fetch  *fetch
	path   string // up to the last slash
	handle backend.Handle
	ready  atomic.Bool // handle is open
}

// open starts opening the directory, if there are enough files that it is worth
// it. What is wrong with it comes out of the files.
func (d *fetchDir) open(t *fetch) {
	slash := strings.LastIndexByte(t.paths[0], '/')
	if len(t.paths) <= t.group || slash < 1 {
		return
	}
	d.fetch, d.path = t, t.paths[0][:slash+1]
	r := newRequest(d, roleOpen, backend.OpOpen)
	r.op.Open = backend.OpenDirectory
	d.queue(r)
}

// close starts closing it, when nothing else is out.
func (d *fetchDir) close() {
	if d.ready.Swap(false) {
		d.queue(newRequest(d, roleClose, backend.OpClose))
	}
}

func (d *fetchDir) queue(r *request) {
	r.op.Path, r.op.Handle = d.path, &d.handle
	d.fetch.out.Add(1)
	d.fetch.fs.queue.put(r)
}

// complete implements completer.
func (d *fetchDir) complete(r *request) {
	if r.role == roleOpen && r.op.Err == nil {
		d.ready.Store(true)
	}
	r.free()
	d.fetch.isBack(nil)
}

// of returns the open directory that a path leads to directly, or nil.
func (d *fetchDir) of(path string) *backend.Handle {
	if !d.ready.Load() || !strings.HasPrefix(path, d.path) || strings.IndexByte(path[len(d.path):], '/') >= 0 {
		return nil
	}
	return &d.handle
}
