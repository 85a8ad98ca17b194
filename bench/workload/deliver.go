package workload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// mailDeliver makes every mail durable as a file of its own, iodepth in flight.
// On the FS API commit=single commits each by itself, and commit=group iodepth of
// them together. Blocking engines sync each file and its directory: all that
// os.File has; serial is one goroutine.
type mailDeliver struct{ *Task }

func (w *mailDeliver) Prepare(context.Context) error { return nil }

func (w *mailDeliver) Files() []string { return nil }

func (w *mailDeliver) Run(ctx context.Context) error {
	switch {
	case w.onFS() && w.Spec.Commit == "group":
		return w.groups(ctx)
	case w.onFS():
		return w.loop(ctx)
	}
	return inParallel(ctx, w.goroutines(), len(w.Mails), func() func(int) error { return w.deliverBlocking })
}

func (w *mailDeliver) goroutines() int {
	if w.Engine == "serial" {
		return 1
	}
	return w.Spec.Depth
}

// Notes say what is different from other engines.
func (w *mailDeliver) Notes() []string {
	if w.onFS() {
		return nil
	}
	return []string{fmt.Sprintf("%d goroutines; each mail is synced by itself, whatever commit says", w.goroutines())}
}

func (w *mailDeliver) loop(ctx context.Context) error {
	began := time.Now().Add(-w.Recorder.Now())
	d := Delivery{
		FS: w.FS, Count: len(w.Mails), Depth: w.Spec.Depth, Path: w.path,
		Data: func(i int) []byte { return w.Mails[i].Data },
		Done: func(i int, begun time.Time) {
			w.Recorder.Op(measure.Write, len(w.Mails[i].Data), begun.Sub(began))
		},
	}
	return d.Run(ctx)
}

// groups delivers iodepth mails at a time.
func (w *mailDeliver) groups(ctx context.Context) error {
	for from := 0; from < len(w.Mails); from += w.Spec.Depth {
		to := min(from+w.Spec.Depth, len(w.Mails))
		begun := w.Recorder.Now()
		err := ctx.Err()
		if err == nil {
			err = w.group(ctx, from, to)
		}
		if err != nil {
			return err
		}
		for i := from; i < to; i++ {
			w.Recorder.Op(measure.Write, len(w.Mails[i].Data), begun)
		}
	}
	return nil
}

func (w *mailDeliver) group(ctx context.Context, from, to int) (err error) {
	files := make([]*fsapi.File, 0, to-from)
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}()
	names := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		files = append(files, w.FS.Create(filepath.Join(w.Dir, "incoming"), fsapi.FailIfExists, fsapi.Perm{}))
		names = append(names, filepath.Base(w.path(i)))
	}
	for i, f := range files {
		if _, err := fsapi.NewWriter(ctx, f).Write(w.Mails[from+i].Data); err != nil {
			return err
		}
	}
	return w.FS.CommitAllAs(ctx, files, names)
}

func (w *mailDeliver) incoming(i int) string {
	return filepath.Join(w.Dir, fmt.Sprintf("incoming.%d", i))
}

// deliverBlocking is what a plain server does: write, fsync, rename, fsync of the
// directory.
func (w *mailDeliver) deliverBlocking(i int) error {
	begun := w.Recorder.Now()
	err := writeSynced(w.incoming(i), w.Mails[i].Data)
	if err == nil {
		err = os.Rename(w.incoming(i), w.path(i))
	}
	if err == nil {
		err = syncDir(w.Dir)
	}
	w.Recorder.Op(measure.Write, len(w.Mails[i].Data), begun)
	return err
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Check compares every file with its mail.
func (w *mailDeliver) Check(ctx context.Context) error {
	for i := range w.Mails {
		data, err := os.ReadFile(w.path(i))
		if err == nil {
			err = w.same(i, data)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *mailDeliver) Close() error { return nil }
