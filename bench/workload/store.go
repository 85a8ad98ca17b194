package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
)

// Store is a whole mail store with one mailbox, seen from outside.
type Store interface {
	// Serve gets ready for Deliver.
	Serve(ctx context.Context) error
	// Deliver delivers mails over some connections; done is called for each
	// when the store has taken responsibility for it, from any goroutine.
	Deliver(ctx context.Context, mails []mail.Message, connections int, done func(i int, begun time.Time)) error
	// Own lets the store read and write a tree of files.
	Own(dir string) error
	// Import takes over the mails of a Maildir.
	Import(ctx context.Context, maildir string) error
	// Fetch writes the text of all messages to w, in the order of UIDs, each
	// with Label before it.
	Fetch(ctx context.Context, w io.Writer) error
	Label() string
	// Count returns how many messages there are.
	Count(ctx context.Context) (int, error)
	// Usage returns the CPU time of processes that are not children of this
	// one's, so far.
	Usage() measure.Usage
	Close() error
}

// Maker makes stores of several kinds; a kind is the second part of the engine's
// name.
type Maker struct {
	// Ready gets ready what stores of a kind share in a run, in a directory of
	// the run, or says why there can be none on this machine.
	Ready func(ctx context.Context, kind, shared string) error
	// Open makes an empty store in dir.
	Open func(ctx context.Context, kind, shared, dir string) (Store, error)
}

// Stores are the stores that there are, by the first part of the engine's name.
var Stores = map[string]Maker{}

// StoreOf returns maker and kind of an engine that is a whole store.
func StoreOf(engine string) (m Maker, kind string, ok bool) {
	name, kind, ok := cutStore(engine)
	return Stores[name], kind, ok
}

// cutStore splits "dovecot:sdbox".
func cutStore(engine string) (store, kind string, ok bool) {
	store, kind, ok = strings.Cut(engine, ":")
	_, known := Stores[store]
	return store, kind, ok && known
}

// storeWork is mail-deliver, mail-import or mail-fetch on a whole store.
type storeWork struct {
	*Task
	maker   Maker
	kind    string
	store   Store
	maildir string
	before  measure.Usage
}

func newStoreWork(t *Task, name, kind string) (Workload, error) {
	switch t.Spec.Workload {
	case "mail-deliver", "mail-import", "mail-fetch":
		return &storeWork{Task: t, maker: Stores[name], kind: kind}, nil
	}
	return nil, fmt.Errorf("%s with workload=%s: %w", t.Engine, t.Spec.Workload, ErrCannot)
}

func (w *storeWork) Prepare(ctx context.Context) (err error) {
	if w.store, err = w.maker.Open(ctx, w.kind, w.Shared, w.Dir); err != nil {
		return err
	}
	if w.Spec.Workload == "mail-deliver" {
		return w.store.Serve(ctx)
	}
	w.maildir = filepath.Join(w.Dir, "Maildir")
	if err := errors.Join(writeMaildir(w.maildir, w.Mails), w.store.Own(w.maildir)); err != nil {
		return err
	}
	if w.Spec.Workload == "mail-fetch" {
		return w.store.Import(ctx, w.maildir)
	}
	return nil
}

func writeMaildir(dir string, mails []mail.Message) error {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for i, m := range mails {
		name := filepath.Join(dir, "cur", fmt.Sprintf("%d.M%dP1.bench:2,", 1_600_000_000+i, i))
		if err := os.WriteFile(name, m.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Files are all files of the store.
func (w *storeWork) Files() (files []string) {
	if w.Spec.Workload != "mail-fetch" {
		return nil
	}
	filepath.WalkDir(w.Dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return nil
	})
	return files
}

func (w *storeWork) Run(ctx context.Context) error {
	w.before = w.store.Usage()
	began := time.Now().Add(-w.Recorder.Now())
	switch w.Spec.Workload {
	case "mail-deliver":
		return w.store.Deliver(ctx, w.Mails, w.Spec.Depth, func(i int, begun time.Time) {
			w.Recorder.Op(measure.Write, len(w.Mails[i].Data), begun.Sub(began))
		})
	case "mail-import":
		return w.whole(measure.Write, w.store.Import(ctx, w.maildir))
	}
	return w.whole(measure.Read, w.fetchAll(ctx))
}

// fetchAll fetches all messages; the text must be that of the mails.
func (w *storeWork) fetchAll(ctx context.Context) error {
	check := newTextCheck(w.store.Label(), w.Mails)
	err := w.store.Fetch(ctx, check)
	if err == nil {
		err = check.end()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.Engine, err)
	}
	return nil
}

// whole counts a run of all messages at once: each gets its share of the time.
func (w *storeWork) whole(d measure.Direction, err error) error {
	if err != nil {
		return err
	}
	now := w.Recorder.Now()
	share := now / time.Duration(len(w.Mails))
	for i, m := range w.Mails {
		end := share * time.Duration(i+1)
		if i == len(w.Mails)-1 {
			end = now
		}
		w.Recorder.Record(d, len(m.Data), end-share, end-share, end)
	}
	return nil
}

// Notes say what is different from other engines.
func (w *storeWork) Notes() []string {
	if w.Spec.Workload == "mail-deliver" {
		return []string{fmt.Sprintf("LMTP over %d connections; commit= is the store's business", w.Spec.Depth)}
	}
	return []string{"one run over all messages: iodepth has no part in it, and each latency is a message's share"}
}

// OutsideUsage is what the store's own processes have used during Run.
func (w *storeWork) OutsideUsage() measure.Usage { return w.store.Usage().Since(w.before) }

func (w *storeWork) Check(ctx context.Context) error {
	n, err := w.store.Count(ctx)
	if err == nil && n != len(w.Mails) {
		err = fmt.Errorf("%s: %d messages of %d", w.Engine, n, len(w.Mails))
	}
	return err
}

func (w *storeWork) Close() error {
	if w.store == nil {
		return nil
	}
	return w.store.Close()
}
