package mdbox

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// boxIndex is the index of a mailbox. All that have a mailbox open in one Store
// share it.
type boxIndex struct {
	*mailindex.Index
	name  string
	users int

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

// boxes are the indexes of the mailboxes that are open.
type boxes struct {
	mu   sync.Mutex
	open map[string]*boxIndex
	all  map[*boxIndex]bool // those too whose name is another's by now
}

// acquire returns the index of a mailbox that is there.
func (s *Store) acquire(ctx context.Context, name string) (*boxIndex, error) {
	b := &s.boxes
	b.mu.Lock()
	defer b.mu.Unlock()
	if x := b.open[name]; x != nil {
		x.users++
		return x, nil
	}
	index, err := mailindex.Open(ctx, s.opts.FS, s.tree.Dir(name), boxIndexName, s.indexOptions())
	if errors.Is(err, mailindex.ErrCorrupt) {
		return nil, errors.Join(boxError(name, err), index.Close())
	}
	if err != nil {
		return nil, boxError(name, err)
	}
	if b.open == nil {
		b.open, b.all = map[string]*boxIndex{}, map[*boxIndex]bool{}
	}
	x := &boxIndex{Index: index, name: name, users: 1}
	b.open[name], b.all[x] = x, true
	return x, nil
}

func (b *boxes) release(x *boxIndex) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x.users--; x.users > 0 || !b.all[x] {
		return nil
	}
	delete(b.all, x)
	if b.open[x.name] == x {
		delete(b.open, x.name)
	}
	return x.Close()
}

// forget makes the next one who opens a mailbox look at the files: those of that
// name, and below it, are others now.
func (b *boxes) forget(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for open := range b.open {
		if open == name || len(open) > len(name) && open[:len(name)+1] == name+"/" {
			delete(b.open, open)
		}
	}
}

func (b *boxes) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for x := range b.all {
		errs = append(errs, x.Close())
	}
	b.open, b.all = nil, nil
	return errors.Join(errs...)
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
