package mailindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// writer is a log that is open for appending, and locked by whoever has it.
type writer struct {
	file *fsapi.File
	id   fsapi.Info
}

func (w *writer) close() error {
	if w == nil {
		return nil
	}
	return w.file.Close()
}

func openWriter(ctx context.Context, fsys *fsapi.FS, path string) (*writer, error) {
	w := &writer{file: fsys.Open(path, fsapi.Append)}
	info, err := w.file.Stat(ctx)
	if err == nil {
		w.id, err = infoOf(info)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// lock takes the lock now, or returns ErrLocked.
func (w *writer) lock(ctx context.Context) error {
	for {
		err := TryLockFile(w.file)
		if err != fsapi.ErrAgain {
			return err
		}
		if err := w.file.Wait(ctx); err != nil {
			return err
		}
	}
}

// append writes p to the end of the log, durably. What has begun is brought to
// its end whatever ctx says: otherwise nobody would know what has come of it.
func (w *writer) append(ctx context.Context, p []byte) error {
	out := fsapi.NewWriter(ctx, w.file)
	if _, err := out.Write(p); err != nil {
		return errors.Join(err, w.file.Rollback())
	}
	return fsapi.NewWriter(context.WithoutCancel(ctx), w.file).Commit()
}

// Waiting for a lock that another process has: the kernel tells nobody when it
// is free, so that it is asked again after a while, at first a short one.
const (
	firstPause = time.Millisecond
	lastPause  = 50 * time.Millisecond
)

// pauses waits longer and longer.
type pauses struct{ next time.Duration }

func (p *pauses) wait(ctx context.Context) error {
	p.next = min(max(2*p.next, firstPause), lastPause)
	timer := time.NewTimer(p.next)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lockLog returns the log under its name, open and locked. held, if not nil, is
// the log as it was opened last time.
func (x *Index) lockLog(ctx context.Context, held *writer, wait bool) (*writer, error) {
	w := held
	for p := (pauses{}); ; {
		there, id, err := x.files.look(ctx, x.files.log)
		if err != nil || !there || w != nil && !w.id.SameFile(id) {
			err = errors.Join(err, w.close())
			w = nil
		}
		switch {
		case err != nil:
			return nil, err
		case !there:
			return nil, fmt.Errorf("%s: %w", x.files.log, fs.ErrNotExist)
		case w == nil:
			if w, err = openWriter(ctx, x.files.fs, x.files.log); errors.Is(err, fs.ErrNotExist) {
				continue // it was rotated just now; the loop ends when it is gone
			}
		}
		if err == nil {
			err = w.lock(ctx)
		}
		if err == nil {
			// A rotation may have been faster.
			if there, id, err = x.files.look(ctx, x.files.log); err == nil && there && w.id.SameFile(id) {
				return w, nil
			}
			err = errors.Join(err, w.close())
			w = nil
			if err == nil {
				continue
			}
		}
		if !errors.Is(err, ErrLocked) || !wait {
			return nil, errors.Join(err, w.close())
		}
		if err := p.wait(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w: %w", x.files.log, ErrLocked, err), w.close())
		}
	}
}
