package sdbox

import (
	"context"
	"errors"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// use returns the mailbox of that name, which must exist. One that is open is
// shared, unless it has been deleted or renamed by somebody since.
func (s *Store) use(ctx context.Context, name string) (*box, error) {
	for {
		b, mine, err := s.find(name)
		if err != nil {
			return nil, err
		}
		if mine {
			return s.loadFor(ctx, b)
		}
		select {
		case <-b.loaded:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), s.release(b))
		}
		if err = b.failed; err == nil {
			_, err = b.refresh(ctx)
		}
		if err == nil {
			return b, nil
		}
		if errors.Is(err, mailstore.ErrDeleted) {
			s.forget(b)
		}
		again := errors.Is(err, mailstore.ErrDeleted) || b.failed != nil && cancelled(b.failed)
		if err := errors.Join(wrap(name, 0, err), s.release(b)); !again {
			return nil, err
		}
	}
}

// cancelled reports whether it was the caller who gave up.
func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// loadFor loads a mailbox for its first user and for whoever waits.
func (s *Store) loadFor(ctx context.Context, b *box) (*box, error) {
	err := b.load(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.closed {
		err = errors.Join(fsapi.ErrClosed, b.index.Close())
	}
	b.failed = err
	close(b.loaded)
	if err != nil && s.boxes[b.name] == b {
		delete(s.boxes, b.name)
	}
	return b, wrap(b.name, 0, err)
}

// find returns the mailbox that is open under a name; mine: it is to be loaded
// first.
func (s *Store) find(name string) (b *box, mine bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false, fsapi.ErrClosed
	}
	if b = s.boxes[name]; b == nil {
		b, mine = s.newBox(name), true
		s.boxes[name] = b
	}
	b.users++
	return b, mine, nil
}

// release ends a use.
func (s *Store) release(b *box) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.users--; b.users > 0 {
		return nil
	}
	if s.boxes[b.name] == b {
		delete(s.boxes, b.name)
	}
	if b.failed != nil {
		return nil
	}
	return b.shut()
}

// shut closes the index, once; under Store.mu.
func (b *box) shut() error {
	if b.closed {
		return nil
	}
	b.closed = true
	return b.index.Close()
}

// forget makes later uses of the name open the mailbox anew.
func (s *Store) forget(b *box) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[b.name] == b {
		delete(s.boxes, b.name)
	}
}

func (s *Store) newBox(name string) *box {
	return &box{
		store: s, name: name, dir: s.tree.Dir(name), alt: s.tree.AltDir(name),
		queue: newCommitQueue(), changed: make(chan struct{}), loaded: make(chan struct{}),
	}
}

func (s *Store) indexOptions() mailindex.Options {
	return mailindex.Options{Create: true, LockTimeout: s.opts.LockTimeout, Limits: s.opts.Limits, Logger: s.opts.Logger, Now: s.opts.Now}
}

// load opens the index of a mailbox.
func (b *box) load(ctx context.Context) error {
	if err := b.store.mustExist(ctx, b.name); err != nil {
		return err
	}
	x, err := mailindex.Open(ctx, b.store.fsys, b.dir, "dovecot.index", b.store.indexOptions())
	if err == nil {
		b.index = x
		err = b.initialize(ctx)
	}
	var v *mailindex.View
	if err == nil {
		v, err = x.View(ctx)
	}
	if err != nil {
		if x != nil {
			err = errors.Join(err, x.Close())
		}
		return gone(needsRebuild(err))
	}
	b.guid = guidOf(v)
	return b.takePerm(ctx)
}

// takePerm makes message files as readable as the directory is, as Dovecot does.
func (b *box) takePerm(ctx context.Context) error {
	info, err := b.store.fsys.Stat(ctx, b.dir)
	if err != nil {
		return errors.Join(err, b.index.Close())
	}
	b.perm.Mode = info.Mode().Perm() & 0o666
	if id, ok := info.Sys().(fsapi.Info); ok && b.perm.Mode&0o040 != 0 {
		gid := int(id.GID)
		b.perm.Group = &gid
	}
	return nil
}
