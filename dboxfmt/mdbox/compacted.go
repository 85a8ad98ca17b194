package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// compacted is a message file that is locked to be written anew.
type compacted struct {
	store *Store
	id    uint32
	alt   bool
	path  string
	file  *fsapi.File
	info  fsapi.Info
	src   dboxfmt.Source
	live  []found
	dead  []found
	more  bool // there is something that the map does not know

	rebuilds uint32 // of the map, when they were compared
}

// found is a message of the map, and what the file has there.
type found struct {
	mapped
	msg  *dboxfmt.Message
	guid [16]byte
}

// openCompacted locks a file. nil without an error: somebody else has it, or it
// is gone.
func (s *Store) openCompacted(ctx context.Context, id uint32) (*compacted, error) {
	if !s.outlets.claim(id) {
		return nil, nil
	}
	for _, alt := range []bool{false, true} {
		c := &compacted{store: s, id: id, alt: alt, path: s.layout.message(id, alt)}
		c.file = s.opts.FS.Open(c.path, fsapi.Append)
		err := c.lock(ctx)
		if err == nil {
			return c, nil
		}
		_ = c.file.Close()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case !errors.Is(err, fsapi.ErrLocked):
			s.outlets.release(tail{file: id}, false)
			return nil, fmt.Errorf("mdbox: %w", err)
		}
		break
	}
	s.outlets.release(tail{file: id}, false)
	return nil, nil
}

func (c *compacted) lock(ctx context.Context) (err error) {
	for err = c.file.TryLock(); err == fsapi.ErrAgain; err = c.file.TryLock() {
		if err := c.file.Wait(ctx); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	info, err := c.file.Stat(ctx)
	if err != nil {
		return err
	}
	named, err := c.store.opts.FS.Stat(ctx, c.path)
	if err != nil {
		return err
	}
	if !mailstore.SameFile(info, named) {
		return fsapi.ErrLocked // whoever had it has replaced it
	}
	c.info, _ = info.Sys().(fsapi.Info)
	c.src, err = dboxfmt.OpenSource(ctx, c.file, c.path)
	return err
}

// join compares the file with the map, and sorts its messages into live and dead
// ones. Bytes that the map does not know must be messages that nobody refers to,
// or stand behind all others: what crashes leave.
func (c *compacted) join(ctx context.Context, m mapView, refs *references) error {
	c.rebuilds = m.rebuilds()
	entries, err := m.in(ctx, c.id)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b mapped) int { return int(int64(a.at.offset) - int64(b.at.offset)) })
	h, err := c.src.Header()
	if err != nil {
		return c.damaged(0, err)
	}
	known, end, gaps := map[int64]bool{}, h.Size(), false
	for _, e := range entries {
		f := found{mapped: e}
		if f.msg, err = c.src.Record(h, e.at.extent()); err == nil {
			f.guid, err = f.msg.Metadata.GUID128()
		}
		if err == nil && int64(e.at.offset) < end {
			err = fmt.Errorf("%w: messages of the map overlap", dboxfmt.ErrSize)
		}
		if err != nil {
			return c.damaged(int64(e.at.offset), err)
		}
		gaps = gaps || int64(e.at.offset) > end
		known[int64(e.at.offset)], end = true, e.at.end()
		if e.refs > 0 {
			c.live = append(c.live, f)
		} else {
			c.dead = append(c.dead, f)
		}
	}
	if c.more = gaps || end < c.src.Size; c.more {
		return c.checkGaps(known, end, refs)
	}
	return nil
}

// checkGaps looks at what the map does not know. Behind the last message of the
// map, which ends at end, is what writers have left that died before they told the
// map: the file is locked, so that none of them is alive. But as long as mailboxes
// refer to messages that the map does not have, only a rebuild can tell.
func (c *compacted) checkGaps(known map[int64]bool, end int64, refs *references) error {
	scan := c.src.Scan(dboxfmt.ScanOptions{Verify: true})
	for {
		r, err := scan.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return c.damaged(r.Offset, err)
		}
		switch {
		case r.Verdict == dboxfmt.FileHeaderRange || r.Verdict == dboxfmt.TornTail || known[r.Offset]:
			continue
		case r.Verdict == dboxfmt.Intact:
			if guid, err := r.Message.Metadata.GUID128(); err == nil && !refs.guids[guid] {
				continue
			}
		case r.Offset >= end && len(refs.guids) == 0:
			continue
		}
		return c.damaged(r.Offset, fmt.Errorf("%w: %v that the map does not know", dboxfmt.ErrCorrupt, r.Verdict))
	}
}

// remove takes the file away, which nothing refers to any more.
func (c *compacted) remove(ctx context.Context) error {
	err := c.store.opts.FS.Remove(ctx, c.path)
	if err == nil {
		err = c.store.opts.FS.SyncDir(ctx, filepath.Dir(c.path))
	}
	if err != nil {
		return fmt.Errorf("mdbox: a file that has been written anew: %w", err)
	}
	return nil
}

func (c *compacted) close() {
	_ = c.file.Close()
	c.store.outlets.release(tail{file: c.id}, false)
}
