package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// rebuiltBox is a mailbox that is being rebuilt, under its lock.
type rebuiltBox struct {
	*rebuild
	*box
	damaged  bool
	validity uint32 // for the case that it is lost
	view     *mailindex.View
	known    *mailstore.Salvage
	files    map[uint32]*file
	strange  []stranger
	changed  map[string]bool // directories that have to be synced before the index is written
	next     uint32

	// forgetCache is called before a message is not any more what it was.
	forgetCache func() error

	// requested: to be expunged, by somebody who has not got round to it.
	requested map[uint32]bool
}

// run looks at the files, repairs them, writes the index, and removes what is not
// needed any more. A crash leaves something to do for the next rebuild.
func (r *rebuiltBox) run(ctx context.Context, l *mailindex.Locked) (err error) {
	if r.view, err = l.View(ctx); err != nil {
		return err
	}
	r.damaged = r.damaged || !initialized(r.view) || r.view.Header().Flags&mailindex.HeaderFsckd != 0
	r.known, err = mailstore.ReadSalvage(ctx, r.fsys, r.dir, "dovecot.index", dboxHeader.Name, r.view)
	if err != nil {
		return err
	}
	r.next = max(r.known.NextUID, 1)
	r.forgetCache = sync.OnceValue(func() error { return r.dropCache(ctx) })
	if err := r.look(ctx); err != nil {
		return err
	}
	leftover, err := r.takeLeftovers(ctx)
	if err != nil {
		return err
	}
	if err := r.renumber(ctx); err != nil {
		return err
	}
	if err := r.inspect(ctx); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	if err := r.sync(ctx); err != nil {
		return err // the index must not speak of names that can still be lost
	}
	if r.damaged {
		err = r.reset(ctx, l)
	} else {
		err = r.mend(ctx, l)
	}
	if err != nil {
		return err
	}
	r.report.Messages += len(r.files)
	return errors.Join(r.drop(ctx, leftover), r.sweep(ctx))
}

// look finds the files.
func (r *rebuiltBox) look(ctx context.Context) error {
	r.files, r.changed = map[uint32]*file{}, map[string]bool{}
	for _, alt := range []bool{false, true} {
		there, err := r.names(ctx, r.dirOf(alt))
		if err != nil {
			return err
		}
		r.next = max(r.next, there.next)
		for _, e := range there.odd {
			if isFile(e) && isNumber(e.Name()) {
				r.strange = append(r.strange, stranger{e.Name(), alt})
			}
		}
		for _, uid := range there.uids {
			if tooHigh(r.known.NextUID, uid) && r.known.Messages[uid] == nil {
				r.strange = append(r.strange, stranger{filepath.Base(r.box.file(uid, alt)), alt})
				continue
			}
			if r.files[uid] == nil {
				r.files[uid] = &file{uid: uid}
			}
			if alt {
				r.files[uid].alt = true
			} else {
				r.files[uid].primary = true
			}
		}
	}
	return r.needAlt(ctx)
}

// needAlt refuses to go on where the alternate storage is not there and messages
// are: it may be a disk that is not mounted.
func (r *rebuiltBox) needAlt(ctx context.Context) error {
	for uid, m := range r.known.Messages {
		if m.Flags&mailindex.Backend == 0 || r.files[uid] != nil {
			continue
		}
		there, err := r.tree.HasAlt(ctx)
		if err == nil && !there {
			err = fmt.Errorf("%w: uid %d is in the alternate storage, which is not there", mailstore.ErrCorrupt, uid)
		}
		return err
	}
	return nil
}

// takeLeftovers takes the files of messages out that are known to be expunged.
func (r *rebuiltBox) takeLeftovers(ctx context.Context) (list []*file, err error) {
	r.requested = map[uint32]bool{}
	if !r.damaged {
		asked, err := r.view.Requested(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range asked {
			r.requested[e.UID] = true
		}
	}
	for uid, f := range r.files {
		if r.known.Expunged(uid) || r.requested[uid] {
			list = append(list, f)
			delete(r.files, uid)
			delete(r.known.Messages, uid)
		}
	}
	return list, nil
}

// sorted returns the files by UID.
func (r *rebuiltBox) sorted() (list []*file) {
	for _, uid := range slices.Sorted(maps.Keys(r.files)) {
		list = append(list, r.files[uid])
	}
	return list
}

// drop removes the files of expunged messages. Where the index was damaged they
// are set aside: what it says of them may be wrong. So is a file that is damaged:
// it may be one that a save has passed over (orphan.go), and not of an expunged
// message.
func (r *rebuiltBox) drop(ctx context.Context, leftover []*file) (err error) {
	for _, f := range leftover {
		r.report.Expunged++
		for _, path := range f.paths(r.box) {
			r.changed[filepath.Dir(path)] = true
			if !r.damaged && r.whole(ctx, path) {
				err = errors.Join(err, mailstore.IgnoreMissing(r.fsys.Remove(ctx, path)))
				continue
			}
			r.note("mailbox %q: uid %d is expunged, its file was set aside", r.name, f.uid)
			err = errors.Join(err, r.fsys.Rename(ctx, path, path+".expunged"))
		}
	}
	return errors.Join(err, r.sync(ctx))
}

// whole reports whether a file can be read as a message.
func (r *rebuiltBox) whole(ctx context.Context, path string) bool {
	_, _, err := r.read(ctx, path)
	return !errors.Is(err, dboxfmt.ErrCorrupt) && !errors.Is(err, dboxfmt.ErrTruncated)
}

// tempAge is how old temporary files are that nobody can be using any more.
const tempAge = 36 * time.Hour

// sweep removes old temporary files.
func (r *rebuiltBox) sweep(ctx context.Context) error {
	for _, dir := range []string{r.dir, r.box.alt} {
		entries, err := r.fsys.ReadDir(ctx, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".temp.") {
				continue
			}
			info, err := r.fsys.Stat(ctx, filepath.Join(dir, e.Name()))
			if err == nil && r.opts.Now().Sub(info.ModTime()) > tempAge {
				err = r.fsys.Remove(ctx, filepath.Join(dir, e.Name()))
			}
			if mailstore.IgnoreMissing(err) != nil {
				return err
			}
		}
	}
	return nil
}
