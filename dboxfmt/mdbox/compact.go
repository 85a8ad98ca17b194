package mdbox

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// compaction writes message files anew: without what is expunged, or in another
// storage. The steps for a file, and what a crash after each leaves:
//
//  1. lock the file, and the map for a moment; read the file, and compare it with
//     the map
//  2. append its live messages to other files, and sync those: messages that
//     the map does not know, which are there twice
//  3. lock the map, point it to the copies, take the dead messages out, sync: a
//     file that the map does not know
//  4. remove the file, sync the directory
type compaction struct {
	store *Store
	refs  *references
	// wantAlt says whether a message of a file in the alternate storage (alt),
	// or not in it, is to be there afterwards.
	wantAlt func(e mapped, alt bool) bool
	tidy    bool // leave files as they are that have nothing to be removed
	report  mailstore.PurgeReport
}

// files compacts files one after the other. Damaged ones do not hold up the
// others.
func (c *compaction) files(ctx context.Context, ids []uint32) (err error) {
	for _, id := range ids {
		one := c.file(ctx, id)
		err = errors.Join(err, one)
		if ctx.Err() != nil || one != nil && !errors.Is(one, mailstore.ErrCorrupt) {
			break
		}
	}
	return err
}

func (c *compaction) file(ctx context.Context, id uint32) error {
	src, err := c.store.openCompacted(ctx, id)
	if src == nil || err != nil {
		return err
	}
	defer src.close()
	m, err := c.store.settledMap(ctx)
	if err != nil {
		return err
	}
	if err := src.join(ctx, m, c.refs); err != nil {
		return err
	}
	if c.tidy && len(src.dead) == 0 && !src.more {
		return nil
	}
	w := &rewrite{store: c.store, src: src}
	err = w.copy(ctx, c.wantAlt)
	if err == nil {
		err = c.store.syncAppended(ctx, w.outs)
	}
	done := false
	if err == nil {
		done, err = w.enterMap(ctx)
	}
	w.close(done)
	if err != nil || !done {
		return err
	}
	c.report.Files++
	c.report.Messages += len(src.dead)
	c.report.Bytes += src.info.Size - w.bytes
	return src.remove(ctx)
}

// settledMap returns the map as it is once all are done that have had the lock of a
// file before us. Dovecot's purge gives back the locks of the files that it has
// copied to while the map does not know of that yet, but is locked: it is not
// enough to read the map.
func (s *Store) settledMap(ctx context.Context) (mapView, error) {
	m, err := s.lockMap(ctx)
	if err != nil {
		return mapView{}, err
	}
	return m.mapView, s.unlock(ctx, m.Locked)
}

// damaged says that a file is to be rebuilt, if that is what err means.
func (c *compacted) damaged(offset int64, err error) error {
	if errors.Is(err, dboxfmt.ErrCorrupt) || errors.Is(err, dboxfmt.ErrTruncated) {
		return fmt.Errorf("%w: m.%d at %d: %w", mailstore.ErrCorrupt, c.id, offset, err)
	}
	return fmt.Errorf("mdbox: %s: %w", filepath.Base(c.path), err)
}
