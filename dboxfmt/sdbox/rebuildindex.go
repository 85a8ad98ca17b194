package sdbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// mend brings an index that can be read in line with the files.
func (r *rebuiltBox) mend(ctx context.Context, l *mailindex.Locked) error {
	tx := &mailindex.Transaction{}
	changed := false
	// What is salvaged may be more: a commit that died has left its end torn.
	there := make(map[uint32]bool, r.view.Count())
	for m, err := range r.view.All(ctx, 1, r.view.Count()) {
		if err != nil {
			return err
		}
		there[m.UID] = true
		f := r.files[m.UID]
		switch {
		case f == nil && r.requested[m.UID]:
			tx.Expunge(mailindex.Expunge{UID: m.UID})
		case f == nil:
			tx.Expunge(mailindex.Expunge{UID: m.UID})
			r.report.Dropped++
			r.note("mailbox %q: uid %d has no file", r.name, m.UID)
		case f.inAlt() != (m.Flags&mailindex.Backend != 0):
			markAlt(tx, []uint32{m.UID}, !f.inAlt())
		default:
			continue
		}
		changed = true
	}
	if head, tail := r.view.Log(); head != tail {
		tx.Done() // index and files agree now
		changed = true
	}
	var added []*message
	for _, f := range r.sorted() {
		if !there[f.uid] {
			added = append(added, f.message(r.known.Messages[f.uid]))
			r.added(f)
		}
	}
	if len(added) == 0 && !changed {
		return nil
	}
	addAll(tx, added, flagBits(r.view))
	return uncertain(l.Append(ctx, tx))
}

func (r *rebuiltBox) added(f *file) {
	r.report.Added++
	r.note("mailbox %q: uid %d was in no index", r.name, f.uid)
}

// lostUIDs is more than a log can give away between two main indexes.
const lostUIDs = 1 << 17

// reset begins the index anew.
func (r *rebuiltBox) reset(ctx context.Context, l *mailindex.Locked) error {
	tx := &mailindex.Transaction{}
	validity := r.known.UIDValidity
	if validity == 0 {
		validity = r.validity
	}
	if validity == 0 {
		return fmt.Errorf("%w: UIDVALIDITY was lost meanwhile", mailstore.ErrCorrupt)
	}
	tx.SetUIDValidity(validity)
	header := newHeader()
	if r.known.GUID != [16]byte{} {
		copy(header[headerGUID:], r.known.GUID[:])
	}
	binary.LittleEndian.PutUint32(header, rebuilds(r.view)+1)
	tx.SetExtHeader(dboxHeader, 0, header)
	var list []*message
	for _, f := range r.sorted() {
		if r.known.Messages[f.uid] == nil {
			r.added(f)
		}
		list = append(list, f.message(r.known.Messages[f.uid]))
	}
	for uid := range r.known.Messages {
		if r.files[uid] == nil {
			r.report.Dropped++
			r.note("mailbox %q: uid %d has no file", r.name, uid)
		}
	}
	addAll(tx, list, 0)
	if r.known.UIDValidity != 0 && r.next < 1<<31 {
		// The lost changes may have used up UIDs of messages that are expunged.
		r.next += lostUIDs
	}
	tx.SetNextUID(r.next)
	if recent := r.view.Header().FirstRecentUID; recent > 0 {
		tx.SetFirstRecentUID(min(recent, r.next))
	}
	if err := l.Reset(ctx, tx); err != nil {
		return uncertain(err)
	}
	r.note("mailbox %q: the index was begun anew with %d messages", r.name, len(list))
	return r.dropCache(ctx)
}

// dropCache removes what Dovecot has noted of messages that are not what they
// were, durably.
func (r *rebuiltBox) dropCache(ctx context.Context) error {
	err := r.fsys.Remove(ctx, filepath.Join(r.dir, "dovecot.index.cache"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, r.fsys.SyncDir(ctx, r.dir))
}
