package sdbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// box is a mailbox that is open, once for all handles of a Store.
type box struct {
	store *Store
	name  string
	dir   string // of the index and the files u.<uid>
	alt   string // of those in the alternate storage; need not exist
	index *mailindex.Index
	queue *commitQueue
	users int // handles and calls that use it; under Store.mu

	closed bool // the index is; under Store.mu

	loaded chan struct{} // closed when index and what follows are there
	guid   [16]byte
	perm   fsapi.Perm // of message files
	failed error

	mu      sync.Mutex
	changed chan struct{} // closed when this process has changed something
}

// The extension that Dovecot keeps the identity of a mailbox in:
//
//	0 u32 how often the index was rebuilt
//	4 16 bytes: GUID of the mailbox
//	20 u8 flags: 1 some message has a POP3 UIDL, 2 some has a POP3 order
//	21 3 bytes unused
var dboxHeader = mailindex.Extension{Name: "dbox-hdr", HeaderSize: 24}

// pop3Header is where Dovecot keeps the highest UID of a message that has a POP3
// UIDL or order. It does not look into the files of those above.
var pop3Header = mailindex.Extension{Name: "hdr-pop3-uidl", HeaderSize: 4}

const (
	headerGUID  = 4
	headerFlags = 20

	haveUIDL  = 1
	haveOrder = 2
)

// needsRebuild says so where an index cannot be read.
func needsRebuild(err error) error {
	if errors.Is(err, mailindex.ErrCorrupt) && !errors.Is(err, mailstore.ErrCorrupt) {
		return fmt.Errorf("%w: %w", mailstore.ErrCorrupt, err)
	}
	return err
}

// initialize gives a new index its UIDVALIDITY and GUID.
func (b *box) initialize(ctx context.Context) error {
	if v, err := b.index.View(ctx); err != nil || initialized(v) {
		return err
	}
	if err := b.refuseFiles(ctx); err != nil {
		return err
	}
	validity, err := b.store.tree.NextUIDValidity(ctx)
	if err != nil {
		return err
	}
	l, err := b.index.Lock(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	v, err := l.View(ctx)
	if err != nil || initialized(v) {
		return err
	}
	tx := &mailindex.Transaction{}
	if v.UIDValidity() == 0 {
		tx.SetUIDValidity(validity)
	}
	tx.SetExtHeader(dboxHeader, 0, newHeader())
	return l.Append(ctx, tx)
}

func newHeader() []byte {
	header := make([]byte, dboxHeader.HeaderSize)
	rand.Read(header[headerGUID:headerFlags])
	return header
}

func initialized(v *mailindex.View) bool {
	return v.UIDValidity() != 0 && guidOf(v) != [16]byte{}
}

func guidOf(v *mailindex.View) (guid [16]byte) {
	if h := v.ExtHeader(dboxHeader.Name); len(h) >= headerFlags {
		copy(guid[:], h[headerGUID:])
	}
	return guid
}

// refuseFiles returns an ErrCorrupt if there are messages where there is no
// index: it was lost, and a new one must not hide them.
func (b *box) refuseFiles(ctx context.Context) error {
	uids, err := b.list(ctx, b.dir)
	if err == nil && len(uids) > 0 {
		err = fmt.Errorf("%w: %d messages and no index", mailstore.ErrCorrupt, len(uids))
	}
	return err
}

// refresh returns what the index says now.
func (b *box) refresh(ctx context.Context) (mailstore.Entries, error) {
	if err := b.index.Refresh(ctx); err != nil {
		return mailstore.Entries{}, gone(needsRebuild(err))
	}
	v, err := b.index.View(ctx)
	if err == nil {
		err = b.same(v)
	}
	return mailstore.Entries{View: v}, err
}

// same returns ErrDeleted if v is of another mailbox, which has got the name of
// this one meanwhile.
func (b *box) same(v *mailindex.View) error {
	if guidOf(v) != b.guid {
		return mailstore.ErrDeleted
	}
	return nil
}

// gone turns what an index says of a mailbox that was there into ErrDeleted.
func gone(err error) error {
	if errors.Is(err, mailindex.ErrGone) {
		return fmt.Errorf("%w: %w", mailstore.ErrDeleted, err)
	}
	return err
}

// lock locks the index and brings it up to date.
func (b *box) lock(ctx context.Context) (*mailindex.Locked, *mailindex.View, error) {
	l, err := b.index.Lock(ctx)
	if err != nil {
		return nil, nil, gone(needsRebuild(err))
	}
	v, err := l.View(ctx)
	if err == nil {
		err = b.same(v)
	}
	if err != nil {
		return nil, nil, errors.Join(err, l.Unlock())
	}
	return l, v, nil
}

// unlock does what others have left to do, keeps the index short and unlocks it.
// What was to be done is done, so that a failure is only logged.
func (b *box) unlock(ctx context.Context, l *mailindex.Locked) {
	if err := errors.Join(b.catchUp(ctx, l), l.Upkeep(ctx), l.Unlock()); err != nil {
		b.store.opts.Logger.Warn("sdbox: upkeep of an index failed", "mailbox", b.name, "error", err)
	}
}

// notify wakes who waits for a change.
func (b *box) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
}

// nextChange returns a channel that is closed at the next notify.
func (b *box) nextChange() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// wrap says what an error is about.
func (b *box) wrap(uid uint32, err error) error { return wrap(b.name, uid, err) }

func wrap(name string, uid uint32, err error) error {
	switch {
	case err == nil:
		return nil
	case uid == 0:
		return fmt.Errorf("mailbox %q: %w", name, err)
	case name == "":
		return fmt.Errorf("uid %d: %w", uid, err)
	}
	return fmt.Errorf("mailbox %q: uid %d: %w", name, uid, err)
}

// flagBits are the flags of dbox-hdr, 0 if there are none.
func flagBits(v *mailindex.View) byte {
	if h := v.ExtHeader(dboxHeader.Name); len(h) > headerFlags {
		return h[headerFlags]
	}
	return 0
}

// rebuilds is how often the index was rebuilt.
func rebuilds(v *mailindex.View) uint32 {
	if h := v.ExtHeader(dboxHeader.Name); len(h) >= headerGUID {
		return binary.LittleEndian.Uint32(h)
	}
	return 0
}
