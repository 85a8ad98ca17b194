package mdbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// boxIndex is the index of a mailbox. All that have a mailbox open in one Store
// share it.
type boxIndex struct {
	*mailindex.Index // once opened is closed, unless failed
	name             string
	users            int
	opened           chan struct{}
	failed           error

	mu   sync.Mutex
	guid [16]byte // of the mailbox, once it is known
}

// is reports whether the mailbox has that GUID, as far as is known.
func (x *boxIndex) is(guid [16]byte) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.guid == [16]byte{} {
		x.guid = guid
	}
	return x.guid == guid
}

// boxes are the indexes of the mailboxes that are open. Files are opened and
// closed without the mutex.
type boxes struct {
	mu     sync.Mutex
	open   map[string]*boxIndex
	all    map[*boxIndex]bool // those too whose name is another's by now
	closed bool
}

// acquire returns the index of a mailbox that is there. Whoever comes first opens
// it, the others wait for that.
func (s *Store) acquire(ctx context.Context, name string) (*boxIndex, error) {
	for {
		x, mine, err := s.boxes.take(name)
		if err != nil {
			return nil, boxError(name, err)
		}
		if mine {
			s.openIndex(ctx, x)
		}
		select {
		case <-x.opened:
			err = x.failed
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err == nil {
			return x, nil
		}
		err = errors.Join(err, s.boxes.release(x))
		if mine || ctx.Err() != nil || !cancelled(err) {
			return nil, boxError(name, err)
		}
		// It was another caller who gave up.
	}
}

func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// take returns the index of a name; mine: the caller opens it.
func (b *boxes) take(name string) (x *boxIndex, mine bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, false, fsapi.ErrClosed
	}
	if x = b.open[name]; x == nil {
		if b.open == nil {
			b.open, b.all = map[string]*boxIndex{}, map[*boxIndex]bool{}
		}
		x, mine = &boxIndex{name: name, opened: make(chan struct{})}, true
		b.open[name], b.all[x] = x, true
	}
	x.users++
	return x, mine, nil
}

// openIndex opens an index for all who wait for it.
func (s *Store) openIndex(ctx context.Context, x *boxIndex) {
	index, err := mailindex.Open(ctx, s.opts.FS, s.tree.Dir(x.name), boxIndexName, s.indexOptions())
	if errors.Is(err, mailindex.ErrCorrupt) {
		err = errors.Join(err, index.Close())
	}
	if err = s.boxes.settle(x, index, err); errors.Is(err, fsapi.ErrClosed) && index != nil {
		_ = index.Close() // the store was closed meanwhile
	}
}

// settle says how the opening of an index has ended.
func (b *boxes) settle(x *boxIndex, index *mailindex.Index, err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && b.closed {
		err = fsapi.ErrClosed
	}
	if x.Index, x.failed = index, err; err != nil {
		b.drop(x)
	}
	close(x.opened)
	return err
}

// drop makes the next one who wants the mailbox open it again.
func (b *boxes) drop(x *boxIndex) {
	delete(b.all, x)
	if b.open[x.name] == x {
		delete(b.open, x.name)
	}
}

// release ends a use.
func (b *boxes) release(x *boxIndex) error {
	if !b.last(x) {
		return nil
	}
	return x.Close()
}

// last ends a use, and reports whether the index is the caller's to close.
func (b *boxes) last(x *boxIndex) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x.users--; x.users > 0 || !b.all[x] {
		return false
	}
	b.drop(x)
	return true
}

// forget makes the next one who opens a mailbox look at the files: those of that
// name, and below it, are others now.
func (b *boxes) forget(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for open := range b.open {
		if open == name || strings.HasPrefix(open, name+"/") {
			delete(b.open, open)
		}
	}
}

func (b *boxes) close() error {
	var errs []error
	for _, x := range b.closeAll() {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}

// closeAll returns the indexes that are open. Those that are being opened are
// closed by who opens them.
func (b *boxes) closeAll() (list []*boxIndex) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for x := range b.all {
		select {
		case <-x.opened:
			list = append(list, x)
		default:
		}
	}
	b.open, b.all, b.closed = nil, nil, true
	return list
}

// boxError says what an error of a mailbox's index means.
func boxError(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mailindex.ErrGone):
		err = fmt.Errorf("%w: %w", mailstore.ErrDeleted, err)
	case errors.Is(err, mailindex.ErrCorrupt):
		err = fmt.Errorf("%w: %w", mailstore.ErrCorrupt, err)
	}
	return fmt.Errorf("mailbox %q: %w", name, err)
}
