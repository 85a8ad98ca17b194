package mailindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/ringbox/ringbox/fsapi"
)

// Locked is an index whose log this holder has locked: nobody else, Dovecot
// included, appends to it or rotates it until Unlock. Readers are not held up.
// It belongs to one goroutine at a time.
type Locked struct {
	x       *Index
	w       *writer
	damaged bool  // the state was not looked at
	broken  error // the log cannot be appended to any more
	unlock  sync.Once
	done    bool
}

// Lock waits for the lock, in line with others of this process, and refreshes
// the index. An index that is not there is made, if Options.Create is set. If
// the lock is not free in time the error is ErrLocked.
//
// Whoever locks several indexes takes them in one order, as Dovecot does: that of
// the map before that of a mailbox.
func (x *Index) Lock(ctx context.Context) (*Locked, error) {
	ctx, cancel := context.WithTimeout(ctx, x.opts.LockTimeout)
	defer cancel()
	return x.lock(ctx, true, false)
}

// TryLock is Lock without waiting for others.
func (x *Index) TryLock(ctx context.Context) (*Locked, error) { return x.lock(ctx, false, false) }

// LockDamaged locks an index whatever is wrong with it. Of the holder's methods
// only Reset, Unlock and View can be used.
func (x *Index) LockDamaged(ctx context.Context) (*Locked, error) {
	ctx, cancel := context.WithTimeout(ctx, x.opts.LockTimeout)
	defer cancel()
	return x.lock(ctx, true, true)
}

func (x *Index) lock(ctx context.Context, wait, damaged bool) (*Locked, error) {
	if x.opts.ReadOnly {
		return nil, fmt.Errorf("%s: %w", x.files.log, ErrReadOnly)
	}
	if err := x.takeTurn(ctx, wait); err != nil {
		return nil, err
	}
	l := &Locked{x: x, damaged: damaged}
	held, err := x.takeWriter(ctx)
	if err == nil {
		l.w, err = x.lockLog(ctx, held, wait)
		if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrLocked) {
			l.w, err = x.makeLog(ctx, wait, damaged)
		}
	}
	if err == nil {
		err = l.settle(ctx)
	}
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, ErrLocked) {
			err = fmt.Errorf("%s: %w: %w", x.files.log, ErrLocked, err) // the time was up between two tries
		}
		return nil, errors.Join(err, l.Unlock())
	}
	return l, nil
}

func (x *Index) takeTurn(ctx context.Context, wait bool) error {
	switch {
	case x.turn.try():
		return nil
	case !wait:
		return fmt.Errorf("%s: %w", x.files.log, ErrLocked)
	}
	if err := x.turn.wait(ctx); err != nil {
		return fmt.Errorf("%s: %w: %w", x.files.log, ErrLocked, err)
	}
	return nil
}

// takeWriter returns the log that was open for appending last time.
func (x *Index) takeWriter(ctx context.Context) (*writer, error) {
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.leave()
	w := x.writer
	x.writer = nil
	return w, nil
}

// settle brings the index up to date under the lock.
func (l *Locked) settle(ctx context.Context) error {
	x := l.x
	if err := x.enter(ctx); err != nil {
		return err
	}
	defer x.leave()
	if err := x.refresh(ctx); err != nil && !(l.damaged && (errors.Is(err, ErrCorrupt) || errors.Is(err, fs.ErrNotExist))) {
		return err
	}
	return nil
}

// View returns the index as it is now.
func (l *Locked) View(ctx context.Context) (*View, error) { return l.x.View(ctx) }

// usable returns why nothing can be appended.
func (l *Locked) usable() error {
	switch {
	case l.done:
		return ErrUnlocked
	case l.damaged:
		return fmt.Errorf("%s: %w: it has to be reset first", l.x.files.log, ErrCorrupt)
	}
	return l.broken
}

// Unlock gives the lock back. Later calls do nothing.
func (l *Locked) Unlock() (err error) {
	l.unlock.Do(func() {
		l.done = true
		defer l.x.turn.pass()
		<-l.x.busy
		defer l.x.leave()
		switch {
		case l.w == nil:
		case l.broken != nil || l.x.closed:
			err = l.w.close()
		default:
			if err = l.w.file.Unlock(); err == nil {
				l.x.writer = l.w
				return
			}
			err = errors.Join(err, l.w.close())
		}
		if errors.Is(err, fsapi.ErrClosed) {
			err = nil // the FS was closed, and every lock with it
		}
	})
	return err
}
