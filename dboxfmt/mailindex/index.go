package mailindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// Options of Open. The zero value is a good choice.
type Options struct {
	// ReadOnly: never write. Then no lock can be taken.
	ReadOnly bool
	// Create: an index that is not there is no error; Lock makes it. The
	// directory must be there by then.
	Create bool
	// Perm are the permissions of files that are made. A zero Mode means those
	// of the directory without the execute bits and, if its group may read, its
	// group, as Dovecot does it.
	Perm fsapi.Perm
	// LockTimeout is how long Lock waits, unless its context ends before; 0
	// means DefaultLockTimeout.
	LockTimeout time.Duration
	// Limits say when logs are rotated and main indexes written.
	Limits Limits
	// Logger gets a line at level Warn when upkeep after a commit has failed;
	// nil means slog.Default().
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// DefaultLockTimeout is how long Dovecot waits for a log. Whoever gives up before
// Dovecot would fails where two Dovecots get along.
const DefaultLockTimeout = 180 * time.Second

// Index is one index: its files, and what they say. It may be used from any
// number of goroutines, and any number of Indexes may be open for the same
// files, in this process and in others.
type Index struct {
	files files
	opts  Options
	turn  *turn // of those in this process that write to the log

	busy   chan struct{} // holds a token: whoever has it may use what is below
	st     *state
	log    *logFile // nil: there is none yet
	writer *writer  // the log as it was opened for appending, unless somebody has it
	view   *View    // of st, until st changes
	damage error    // why the index cannot be used
	main   place    // what the main index is up to, as far as is known
	gone   bool     // it was deleted
	closed bool
}

// place is a place in the logs.
type place struct {
	seq    uint32
	offset int64
}

// Open reads the index with that base name ("dovecot.index") in a directory. A
// missing one is fs.ErrNotExist, unless Options.Create is set.
//
// With an error that is ErrCorrupt the Index is returned as well: its View has
// what could be read, and LockDamaged is the way to put it right. Close it in
// that case too.
func Open(ctx context.Context, fsys *fsapi.FS, dir, name string, opts Options) (*Index, error) {
	opts.setDefaults()
	x := &Index{files: filesOf(fsys, dir, name), opts: opts, busy: make(chan struct{}, 1)}
	x.turn = turnOf(fsys, x.files.log)
	x.busy <- struct{}{}
	err := x.reload(ctx)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, errors.Join(err, x.Close())
	}
	return x, err
}

func (o *Options) setDefaults() {
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Limits.setDefaults()
}

// Close gives the files back. Views that were handed out can be used on as long
// as the FS is open. A second Close returns fsapi.ErrClosed.
func (x *Index) Close() error {
	<-x.busy
	defer x.leave()
	if x.closed {
		return fsapi.ErrClosed
	}
	x.closed = true
	x.drop()
	x.turn.forget()
	w := x.writer
	x.writer = nil
	return w.close()
}

// enter waits until nobody else uses the state.
func (x *Index) enter(ctx context.Context) error {
	select {
	case <-x.busy:
	case <-ctx.Done():
		return ctx.Err()
	}
	if x.closed {
		x.leave()
		return fsapi.ErrClosed
	}
	return nil
}

func (x *Index) leave() { x.busy <- struct{}{} }

// drop forgets the state.
func (x *Index) drop() {
	x.log.close()
	if x.st != nil {
		x.st.close()
	}
	x.st, x.log, x.view, x.main = nil, nil, nil, place{}
}

// Path returns the path of the main index.
func (x *Index) Path() string { return x.files.path }

// reload reads everything again.
func (x *Index) reload(ctx context.Context) error {
	s, err := x.files.load(ctx)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !errors.Is(err, ErrCorrupt) && !missing {
		s.close()
		return err
	}
	known := x.st != nil && x.log != nil
	if missing && !known && x.opts.Create {
		err = nil
	}
	x.gone = x.gone || missing && known
	if x.gone && missing {
		err = fmt.Errorf("%s: %w", x.files.path, ErrGone)
	}
	x.drop()
	x.st, x.log = s.st, s.log
	if x.st == nil {
		x.st = newState(0)
	}
	if s.main {
		x.main = place{s.seq, s.head}
	}
	x.damage = nil
	if errors.Is(err, ErrCorrupt) {
		x.damage = err
	}
	if err == nil {
		err = x.alive()
	}
	return err
}

// Refresh reads what has been written since. It costs little if that is nothing.
// An index that was there and has been deleted is ErrGone; an ErrCorrupt leaves
// the view as far as the index could be read.
func (x *Index) Refresh(ctx context.Context) error {
	if err := x.enter(ctx); err != nil {
		return err
	}
	defer x.leave()
	return x.refresh(ctx)
}

func (x *Index) refresh(ctx context.Context) error {
	if x.damage != nil || x.log == nil {
		return x.reload(ctx)
	}
	there, id, err := x.files.look(ctx, x.files.log)
	switch {
	case err != nil:
		return err
	case !there || id.SameFile(x.log.id) && id.Size < x.st.offset && x.main != (place{x.st.seq, x.st.offset}):
		return x.reload(ctx)
	case !id.SameFile(x.log.id) || id.Size > x.st.offset:
		return x.goOn(ctx)
	}
	return x.alive()
}

// goOn reads what has come since. The log is opened anew: the FS API may have
// read ahead what was incomplete at the end of it, and what a writer has marked
// in its header.
func (x *Index) goOn(ctx context.Context) error {
	next, err := openLog(ctx, x.files.fs, x.files.log)
	if err != nil {
		next.close()
		return x.reload(ctx)
	}
	if !next.id.SameFile(x.log.id) {
		return x.change(ctx, next)
	}
	x.log.close()
	x.log = next
	return x.follow(ctx, -1)
}

// change goes on in the log that has taken the place of the one that was
// followed, if it is the next one; else everything is read again.
func (x *Index) change(ctx context.Context, next *logFile) error {
	h := next.header
	if h.IndexID != x.st.head.IndexID || h.PrevSeq != x.st.seq || int64(h.PrevOffset) < x.st.offset {
		next.close()
		return x.reload(ctx)
	}
	if err := x.follow(ctx, int64(h.PrevOffset)); err != nil || x.st.offset != int64(h.PrevOffset) {
		next.close()
		return x.reload(ctx)
	}
	x.log.close()
	x.log = next
	x.st.begin(h)
	return x.follow(ctx, -1)
}

// follow applies what the log has got since. After an error the state may have a
// part of it.
func (x *Index) follow(ctx context.Context, before int64) error {
	x.view = nil
	if err := x.log.follow(ctx, x.st, before); err != nil {
		return x.spoil(err)
	}
	return x.alive()
}

// alive is ErrGone if a record says that the mailbox is deleted.
func (x *Index) alive() error {
	if x.st.deleted {
		return fmt.Errorf("%s: %w", x.files.path, ErrGone)
	}
	return nil
}

// spoil notes that the state is not to be trusted until it is read again.
func (x *Index) spoil(err error) error {
	x.damage = err
	return err
}
