package mailindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// A log that takes the place of another, or is the first one, is made as Dovecot
// does it: under the name .log.newlock, which only one can create and which is a
// lock for that reason; locked before it gets its name, so that nobody else
// writes to it first.

// staleAfter is the age at which a .log.newlock was left behind by the dead.
const staleAfter = 5 * time.Minute

// createLog writes a log under the name .log.newlock, durably, and locks it. If
// that is taken the error is fs.ErrExist.
func (x *Index) createLog(ctx context.Context, content []byte) (*writer, error) {
	perm, err := x.perm(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{file: x.files.fs.Create(x.files.newLock, fsapi.FailIfExists, perm)}
	if err := w.append(ctx, content); err != nil {
		return nil, errors.Join(err, w.close())
	}
	info, err := w.file.Stat(ctx)
	if err == nil {
		w.id, err = infoOf(info)
	}
	if err == nil {
		err = w.lock(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, x.abandon(w))
	}
	return w, nil
}

// abandon removes a log that has not got its name.
func (x *Index) abandon(w *writer) error {
	ctx := context.Background() // it must go whatever the caller's context says
	return errors.Join(x.files.fs.Remove(ctx, x.files.newLock), w.close())
}

// nameLog gives a log its name, durably.
func (x *Index) nameLog(ctx context.Context, w *writer) error {
	ctx = context.WithoutCancel(ctx) // half of it would be neither the old log nor the new
	if err := x.files.fs.Rename(ctx, x.files.newLock, x.files.log); err != nil {
		return errors.Join(err, x.abandon(w))
	}
	return x.files.fs.SyncDir(ctx, x.files.dir)
}

// makeLog makes the first log of an index, or the one that a main index without
// a log goes on in. It returns the log that there is then, locked.
func (x *Index) makeLog(ctx context.Context, wait, damaged bool) (*writer, error) {
	if damaged {
		return nil, nil // Reset makes one
	}
	header, err := x.firstLog(ctx)
	if err != nil {
		return nil, err
	}
	for p := (pauses{}); ; {
		w, err := x.createLog(ctx, AppendLogHeader(nil, header))
		if errors.Is(err, fs.ErrExist) {
			_, err = x.clearStale(ctx)
			if err == nil && !wait {
				err = fmt.Errorf("%s: %w", x.files.newLock, ErrLocked)
			}
			if err == nil {
				if waited := p.wait(ctx); waited != nil {
					err = fmt.Errorf("%s: %w: %w", x.files.newLock, ErrLocked, waited)
				}
			}
		}
		if err != nil {
			return nil, err
		}
		there, _, err := x.files.look(ctx, x.files.log)
		switch {
		case w == nil && !there:
		case w == nil && err == nil:
			return x.lockLog(ctx, nil, wait)
		case err != nil:
			return nil, errors.Join(err, x.abandon(w))
		case there: // somebody was faster
			if err := x.abandon(w); err != nil {
				return nil, err
			}
			return x.lockLog(ctx, nil, wait)
		default:
			if err := x.nameLog(ctx, w); err != nil {
				return nil, errors.Join(err, w.close())
			}
			return w, nil
		}
	}
}

// firstLog returns the header of the log that an index without one gets.
func (x *Index) firstLog(ctx context.Context) (LogHeader, error) {
	if err := x.enter(ctx); err != nil {
		return LogHeader{}, err
	}
	defer x.leave()
	// What is known may be of files that have gone since: a log that continues
	// those could be read by nobody else.
	if err := x.refresh(ctx); err != nil {
		return LogHeader{}, err
	}
	now := uint32(x.opts.Now().Unix())
	switch {
	case x.gone:
		return LogHeader{}, fmt.Errorf("%s: %w", x.files.path, ErrGone)
	case x.st.seq > 0:
		return LogHeader{IndexID: x.st.head.IndexID, Seq: x.st.seq + 1, PrevSeq: x.st.seq, PrevOffset: uint32(x.st.offset), Created: now, ModSeq: x.st.modSeq}, nil
	case !x.opts.Create:
		return LogHeader{}, fmt.Errorf("%s: %w", x.files.log, fs.ErrNotExist)
	}
	return LogHeader{IndexID: max(now, 1), Seq: 2, Created: now, ModSeq: 1}, nil
}

// createNext is createLog for who has the log locked that the new one follows.
// What the dead have left behind is cleared away; else the error is ErrLocked.
func (x *Index) createNext(ctx context.Context, content []byte) (*writer, error) {
	w, err := x.createLog(ctx, content)
	if !errors.Is(err, fs.ErrExist) {
		return w, err
	}
	stale, failed := x.clearStale(ctx)
	if stale && failed == nil {
		w, err = x.createLog(ctx, content)
	}
	if errors.Is(err, fs.ErrExist) {
		err = errors.Join(fmt.Errorf("%s: %w: %w", x.files.log, ErrLocked, err), failed)
	}
	return w, err
}

// clearStale removes a .log.newlock that the dead have left behind, if there is
// such.
func (x *Index) clearStale(ctx context.Context) (stale bool, err error) {
	info, err := x.files.fs.Stat(ctx, x.files.newLock)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case x.opts.Now().Sub(info.ModTime()) < staleAfter:
		return false, nil
	}
	if err := x.files.fs.Remove(ctx, x.files.newLock); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	return true, nil
}
