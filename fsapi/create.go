package fsapi

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// The steps that commit a created file:
//
//	writeCreated   open, write and sync the temporary file, in one chain
//	syncData       in a group: sync after everybody has written
//	name           give it its name
//	syncDirectory  make that last
//
// Replacing goes by exchanging the two files: should the directory not be
// synced, they are exchanged back, and the old state is there again. Where the
// file system cannot exchange, the old file gets a second name before.

// writeCreated writes what has not been written yet.
func (c *commit) writeCreated() {
	w := c.w
	if w.scratch == nil {
		w.scratch = w.newScratch()
	}
	s := w.scratch
	var rs []*request
	if s.state == fileCreated {
		rs = append(rs, s.openRequest(w.create))
	}
	if r := w.dataRequest(s, true, math.MaxInt); r != nil {
		rs = append(rs, r)
	}
	if c.syncs() && !s.synced {
		rs = append(rs, c.syncRequest(s, c.group != nil))
	}
	if len(rs) == 0 {
		c.name()
		return
	}
	c.send(chain(rs...), (*commit).createdWritten)
}

// syncRequest returns a request that syncs the temporary file, or only starts
// its write-back.
func (c *commit) syncRequest(s *scratch, hint bool) *request {
	// A full sync: permissions set after the creation are metadata that
	// fdatasync need not write.
	r := newRequest(c.w.file, roleCommit, backend.OpSync)
	if hint {
		r.op.Kind = backend.OpSyncRange
	}
	r.op.Handle, r.op.Path = &s.handle, c.target
	s.watch(r)
	return r
}

func (c *commit) createdWritten() {
	s := c.w.scratch
	switch {
	case c.err != nil:
		c.fail(c.err)
	case c.aborted:
		c.settle(ErrClosed)
	case c.syncs() && !s.synced && c.group != nil:
		c.group.data.arrive(c) // and goes on with syncData
	default:
		s.synced = c.syncs()
		c.name()
	}
}

// syncData goes on behind the first barrier of a group.
func (c *commit) syncData() {
	switch {
	case c.w.create == nil && c.aborted:
		c.takeBack(ErrClosed)
	case c.w.create == nil:
		c.send(c.fileRequest(backend.OpDatasync), (*commit).appendSynced)
	case c.aborted:
		c.settle(ErrClosed)
	default:
		c.send(c.syncRequest(c.w.scratch, false), (*commit).createdSynced)
	}
}

func (c *commit) createdSynced() {
	switch {
	case c.err != nil:
		c.fail(c.err)
	case c.aborted:
		c.settle(ErrClosed)
	default:
		c.w.scratch.synced = true
		c.name()
	}
}

// name tries the name as a new one first.
func (c *commit) name() { c.rename(backend.RenameNoReplace, (*commit).named) }

func (c *commit) rename(how backend.RenameFlag, then func(*commit)) {
	s := c.w.scratch
	r := newRequest(c.w.file, roleCommit, backend.OpRename)
	r.op.Path, r.op.NewPath, r.op.Rename = s.path, c.target, how
	s.watch(r)
	c.send(r, then)
}

func (c *commit) named() {
	replace := c.w.create.mode == ReplaceIfExists
	switch {
	case c.err == nil:
		c.syncDirectory()
	case errors.Is(c.err, fs.ErrExist) && !replace:
		c.settle(c.err) // nothing is lost: another name may be free
	case errors.Is(c.err, fs.ErrExist):
		r := newRequest(c.w.file, roleCommit, backend.OpStat)
		r.op.Path = c.target
		c.send(r, (*commit).met)
	case errors.Is(c.err, backend.ErrUnsupported) && replace:
		c.keep()
	case errors.Is(c.err, backend.ErrUnsupported):
		c.link()
	default:
		c.doubt(c.err)
	}
}

// met has looked at what has the name: an exchange would take a directory away
// as readily as a file. What cannot be looked at (it is gone again, or a link
// that leads nowhere) is left to the exchange.
func (c *commit) met() {
	if c.err == nil && c.there.Mode.IsDir() {
		c.fail(pathError("rename", c.target, syscall.EISDIR))
		return
	}
	c.rename(backend.RenameExchange, (*commit).swapped)
}

// maxTries bounds how often the name may come and go between two steps.
const maxTries = 16

func (c *commit) swapped() {
	c.tries++
	switch {
	case c.err == nil:
		c.exchanged = true
		c.syncDirectory()
	case errors.Is(c.err, fs.ErrNotExist) && c.tries < maxTries:
		c.name()
	case errors.Is(c.err, backend.ErrUnsupported):
		c.keep()
	default:
		c.exchanged = true // if it has happened
		c.doubt(c.err)
	}
}

// keep gives the old file, if there is one, a second name, under which it stays
// when it is overwritten. Without that (no file, or no links here) it goes on
// all the same.
func (c *commit) keep() {
	c.kept = tempName(c.target)
	r := newRequest(c.w.file, roleCommit, backend.OpLink)
	r.op.Path, r.op.NewPath = c.target, c.kept
	c.send(r, (*commit).isKept)
}

func (c *commit) isKept() {
	if c.err == nil {
		c.overwrite()
		return
	}
	c.fresh = errors.Is(c.err, fs.ErrNotExist)
	// An error need not mean that nothing has happened.
	c.dropKept(func(c *commit) {
		c.kept = ""
		c.overwrite()
	})
}

func (c *commit) overwrite() { c.rename(0, (*commit).overwritten) }

func (c *commit) overwritten() {
	c.replaced = true
	if c.err != nil {
		c.doubt(c.err)
		return
	}
	c.syncDirectory()
}

// link names the file where renames cannot refuse to replace: a second name,
// which fails if it exists, then the end of the temporary one.
func (c *commit) link() {
	s := c.w.scratch
	l := newRequest(c.w.file, roleCommit, backend.OpLink)
	l.op.Path, l.op.NewPath = s.path, c.target
	s.watch(l)
	u := newRequest(c.w.file, roleCommit, backend.OpUnlink)
	u.op.Path = s.path
	s.watch(u)
	c.send(chain(l, u), (*commit).linked)
}

func (c *commit) linked() {
	switch {
	case c.err == nil:
		c.syncDirectory()
	case errors.Is(c.err, fs.ErrExist):
		c.settle(c.err)
	default:
		c.doubt(c.err)
	}
}

// doubt looks whether the file has got its name although the system said no:
// over a network the answer to a rename that has happened can be an error.
func (c *commit) doubt(cause error) {
	s := c.w.scratch
	c.cause = cause
	mine := newRequest(c.w.file, roleCommit, backend.OpStat)
	mine.op.Handle, mine.op.Path = &s.handle, s.path
	s.watch(mine)
	there := newRequest(c.w.file, roleCommit, backend.OpStat)
	there.op.Path = c.target
	c.send(chain(mine, there), (*commit).doubted)
}

func (c *commit) doubted() {
	switch {
	case c.err == nil && c.info.SameFile(c.there):
		c.takeBackName(c.cause)
	case c.err != nil && !errors.Is(c.err, fs.ErrNotExist):
		c.giveUp(c.cause) // nobody knows which file has which name
	default:
		c.dropKept(func(c *commit) { c.fail(c.cause) })
	}
}

// giveUp fails without removing a name that the old file may have.
func (c *commit) giveUp(cause error) {
	c.w.file.fs.dirs.doubt(filepath.Dir(c.target))
	if c.exchanged {
		c.w.scratch.named = false
	}
	c.fail(cause)
}

// dropKept removes the second name of the old file.
func (c *commit) dropKept(then func(*commit)) {
	if c.kept == "" {
		then(c)
		return
	}
	r := newRequest(c.w.file, roleCommit, backend.OpUnlink)
	r.op.Path = c.kept
	c.send(r, then)
}

func (c *commit) syncDirectory() {
	switch {
	case !c.syncs():
		c.created()
	case c.group != nil:
		if c.passed < c.group.data.number {
			c.group.data.skip() // the data was synced by an earlier attempt
		}
		c.group.names.arrive(c) // and goes on with dirSynced
	default:
		c.w.file.fs.dirs.sync(filepath.Dir(c.target), c)
	}
}

// dirSynced implements dirWaiter.
func (c *commit) dirSynced(err error) {
	c.w.file.resume(func() {
		switch {
		case c.w.create == nil:
			c.nameSynced(err)
		case err == nil:
			c.created()
		default:
			c.syncFailed = true
			c.takeBackName(err)
		}
	})
}

// created: the file has its name for good, and the handle is its own from now
// on.
func (c *commit) created() {
	w, f := c.w, c.w.file
	s := w.scratch
	f.handle.Take(&s.handle)
	f.state, f.path = fileOpen, c.target
	w.create, w.scratch = nil, nil
	if c.exchanged {
		c.kept = s.path
	}
	// That the new file is there is true whether or not the old one goes.
	c.dropKept(func(c *commit) { c.settle(nil) })
}

// takeBackName restores the old state of a name that the file has got.
func (c *commit) takeBackName(cause error) {
	c.cause = cause
	c.w.file.fs.dirs.doubt(filepath.Dir(c.target))
	switch {
	case c.kept != "":
		r := newRequest(c.w.file, roleCommit, backend.OpRename)
		r.op.Path, r.op.NewPath = c.kept, c.target
		c.send(r, (*commit).nameTakenBack)
	case c.replaced && !c.fresh:
		c.fail(cause) // there is no way back
	case c.exchanged:
		c.rename(backend.RenameExchange, (*commit).nameTakenBack)
	default:
		r := newRequest(c.w.file, roleCommit, backend.OpUnlink)
		r.op.Path = c.target
		c.send(r, (*commit).nameTakenBack)
	}
}

func (c *commit) nameTakenBack() {
	if c.err != nil {
		c.giveUp(errors.Join(c.cause, c.err))
		return
	}
	c.fail(c.cause)
}
