package fsapi

import (
	"errors"
	"io"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// The steps that commit an append:
//
//	measure       find the end of the file
//	copySpilled   copy what had to leave the memory, piece by piece
//	writeRest     write what is in memory, and sync, in one chain
//	syncData      in a group: sync after everybody has written (create.go)
//	syncName      sync the directory, if that is in doubt (dirsync.go)
//
// takeBack cuts the file to its old length when any of them fails.

func (c *commit) fileRequest(kind backend.Kind) *request {
	f := c.w.file
	r := newRequest(f, roleCommit, kind)
	r.op.Handle, r.op.Path = &f.handle, f.path
	return r
}

func (c *commit) measure() { c.send(c.fileRequest(backend.OpStat), (*commit).measured) }

func (c *commit) measured() {
	switch {
	case c.err != nil:
		c.fail(c.err)
	case c.aborted:
		c.settle(ErrClosed)
	default:
		c.base, c.end = c.info.Size, c.info.Size
		c.copySpilled()
	}
}

// copySpilled copies the next piece of the scratch file.
func (c *commit) copySpilled() {
	s := c.w.scratch
	if s == nil || c.copied == s.size {
		c.dropPiece()
		c.writeRest()
		return
	}
	if c.piece == nil && !c.takePiece() {
		return // grant goes on
	}
	r := newRequest(c.w.file, roleCommit, backend.OpRead)
	r.op.Handle, r.op.Path, r.op.Off = &s.handle, c.w.file.path, c.copied
	r.op.Buf = c.piece.mem[:min(int64(maxBuffer), s.size-c.copied)]
	s.watch(r)
	c.send(r, (*commit).pieceRead)
}

func (c *commit) pieceRead() {
	switch {
	case c.err != nil:
		c.takeBack(c.err)
		return
	case c.aborted:
		c.takeBack(ErrClosed)
		return
	case c.n == 0:
		at := &backend.OffsetError{Off: c.copied, Err: io.ErrUnexpectedEOF}
		c.takeBack(pathError("read", c.w.file.path, at))
		return
	}
	r := c.fileRequest(backend.OpWrite)
	r.op.Buf, r.op.Off = c.piece.mem[:c.n], c.end
	c.copied += int64(c.n)
	c.end += int64(c.n)
	c.send(r, (*commit).pieceWritten)
}

func (c *commit) pieceWritten() {
	if c.err != nil {
		c.takeBack(c.err)
		return
	}
	c.copySpilled()
}

// takePiece gets the buffer for copying, or puts the commit in line for it.
func (c *commit) takePiece() bool {
	if c.place.owner == nil {
		c.place.owner = c
		if !c.w.file.fs.copying.acquire(&c.place, maxBuffer) {
			return false
		}
	}
	c.piece = newBuffer(maxBuffer)
	return true
}

// grant implements the budget's owner: there is a piece.
func (c *commit) grant() {
	c.w.file.resume(func() {
		switch {
		case !c.w.file.fs.copying.take(&c.place):
		case c.aborted:
			c.w.file.fs.copying.release(maxBuffer)
			c.takeBack(ErrClosed)
		default:
			c.copySpilled()
		}
	})
}

func (c *commit) dropPiece() {
	if c.piece != nil {
		c.w.file.fs.copying.release(c.piece.size())
		c.piece.free()
		c.piece = nil
	}
}

// writeRest writes what is in memory.
func (c *commit) writeRest() {
	w := c.w
	var rs []*request
	if len(w.chunks) > 0 {
		r := w.writeRequest(w.chunks)
		r.op.Handle, r.op.Path, r.op.Off = &w.file.handle, w.file.path, c.end
		c.end += int64(r.op.Size())
		clear(w.chunks)
		w.chunks, w.buffered = w.chunks[:0], 0
		rs = append(rs, r)
	}
	if c.syncs() {
		kind := backend.OpDatasync
		if c.group != nil {
			kind = backend.OpSyncRange
		}
		rs = append(rs, c.fileRequest(kind))
	}
	if len(rs) == 0 {
		c.syncName()
		return
	}
	c.send(chain(rs...), (*commit).restWritten)
}

func (c *commit) restWritten() {
	switch {
	case c.err != nil:
		c.takeBack(c.err)
	case c.aborted && c.group != nil:
		c.takeBack(ErrClosed)
	case c.syncs() && c.group != nil:
		c.group.data.arrive(c) // and goes on with syncData
	default:
		c.syncName()
	}
}

func (c *commit) appendSynced() {
	if c.err != nil {
		c.takeBack(c.err)
		return
	}
	c.syncName()
}

// syncName makes sure that the file is found under its name after a crash.
func (c *commit) syncName() {
	dirs, dir := &c.w.file.fs.dirs, filepath.Dir(c.w.file.path)
	if !c.syncs() || !dirs.inDoubt(dir) {
		c.appended()
		return
	}
	dirs.sync(dir, c) // and goes on with nameSynced
}

func (c *commit) nameSynced(err error) {
	if err != nil {
		c.takeBack(err)
		return
	}
	c.appended()
}

func (c *commit) appended() {
	c.w.discard()       // the scratch file; the chunks are gone already
	c.w.file.distrust() // where the file ended before, it goes on now
	c.settle(nil)
}

// takeBack cuts off what this commit may have appended, unless somebody else
// has appended behind it, which callers exclude with TryLock.
func (c *commit) takeBack(cause error) {
	c.dropPiece()
	c.cause = cause
	c.send(c.fileRequest(backend.OpStat), (*commit).takeBackMeasured)
}

func (c *commit) takeBackMeasured() {
	switch {
	case c.err != nil:
		c.fail(errors.Join(c.cause, c.err))
	case c.info.Size <= c.base || c.info.Size > c.end:
		c.fail(c.cause)
	default:
		r := c.fileRequest(backend.OpTruncate)
		r.op.Off = c.base
		c.send(r, (*commit).takenBack)
	}
}

func (c *commit) takenBack() {
	if c.err != nil {
		c.fail(errors.Join(c.cause, c.err))
		return
	}
	c.fail(c.cause)
}
