package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/fsapi"
)

// lockPoll is the longest pause between two looks at a lock.
const lockPoll = 50 * time.Millisecond

// lockList locks the list of mailboxes against everybody who creates, deletes
// or renames one. The lock is a record lock on a file that exists only while
// somebody has it or waits for it; what a crash leaves is an unlocked file,
// which the next one takes over.
func (t *Tree) lockList(ctx context.Context) (unlock func(), err error) {
	patience, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	path := t.inRoot("mailboxes.lock")
	if err := t.fsys.MkdirAll(ctx, t.root, 0o700); err != nil {
		return nil, err
	}
	for pause := (Backoff{Limit: lockPoll}); ; {
		f, err := t.tryLockFile(ctx, path)
		if err == nil {
			return func() { t.unlockFile(f, path) }, nil
		}
		if !errors.Is(err, fsapi.ErrLocked) {
			return nil, err
		}
		if waited := pause.Pause(patience); waited != nil {
			return nil, errors.Join(err, waited)
		}
	}
}

func (t *Tree) unlockFile(f *fsapi.File, path string) {
	// Should the file stay, the next one takes it over.
	_ = t.fsys.Remove(context.Background(), path)
	_ = f.Close()
}

// tryLockFile opens or creates the lock file and locks it. fsapi.ErrLocked: it
// is not to be had now.
func (t *Tree) tryLockFile(ctx context.Context, path string) (f *fsapi.File, err error) {
	f = t.fsys.Open(path, fsapi.Append)
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	err = waitFor(ctx, f, func() error { return mailindex.TryLockFile(f) })
	if errors.Is(err, fs.ErrNotExist) {
		_ = f.Close()
		f = t.fsys.Create(path, fsapi.FailIfExists, fsapi.Perm{Mode: 0o600})
		if err = fsapi.NewWriter(ctx, f).Commit(); err == nil {
			err = waitFor(ctx, f, func() error { return mailindex.TryLockFile(f) })
		}
		if errors.Is(err, fs.ErrExist) {
			err = errors.Join(err, fsapi.ErrLocked)
		}
	}
	if err == nil {
		err = t.stillNamed(ctx, f, path)
	}
	return f, err
}

// stillNamed returns fsapi.ErrLocked if path is another file than f by now.
func (t *Tree) stillNamed(ctx context.Context, f *fsapi.File, path string) error {
	named, err := t.fsys.Stat(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return fsapi.ErrLocked
	}
	if err != nil {
		return err
	}
	opened, err := f.Stat(ctx)
	if err == nil && !SameFile(named, opened) {
		err = fsapi.ErrLocked
	}
	return err
}

// waitFor repeats a call that says fsapi.ErrAgain until it says something else.
func waitFor(ctx context.Context, f *fsapi.File, call func() error) error {
	for {
		err := call()
		if !errors.Is(err, fsapi.ErrAgain) {
			return err
		}
		if err := f.Wait(ctx); err != nil {
			return err
		}
	}
}

// SameFile reports whether two results of fsapi's Stat are about one file.
func SameFile(a, b fs.FileInfo) bool {
	x, ok := a.Sys().(fsapi.Info)
	y, ok2 := b.Sys().(fsapi.Info)
	return ok && ok2 && x.SameFile(y)
}
