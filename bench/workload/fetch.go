package workload

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// mailFetch reads every file whole. On the FS API it is ReadFiles, which has a
// depth of its own, or, with an iodepth, an event loop.
type mailFetch struct{ *Task }

func (w *mailFetch) Prepare(ctx context.Context) error {
	for i, m := range w.Mails {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := os.WriteFile(w.path(i), m.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (w *mailFetch) Files() []string { return w.paths() }

func (w *mailFetch) Run(ctx context.Context) error {
	switch {
	case w.Engine == "uring-raw":
		return w.fetchRaw(ctx)
	case !w.onFS():
		return w.fetchBlocking(ctx)
	case w.Spec.Given("iodepth"):
		return w.fetchLoop(ctx)
	}
	return w.readFiles(ctx)
}

// Notes say what is different from other engines.
func (w *mailFetch) Notes() []string {
	if w.onFS() && !w.Spec.Given("iodepth") {
		return []string{"ReadFiles with its own depth: iodepth would take an event loop instead; each latency is from one file to the next"}
	}
	return nil
}

func (w *mailFetch) readFiles(ctx context.Context) error {
	var failed error
	last := w.Recorder.Now()
	err := w.FS.ReadFiles(ctx, w.paths(), func(i int, data []byte, err error) {
		if err == nil {
			err = w.same(i, data)
		}
		if err != nil && failed == nil {
			failed = err
		}
		w.Recorder.Op(measure.Read, len(data), last)
		last = w.Recorder.Now()
	})
	if failed != nil {
		return failed
	}
	return err
}

func (w *mailFetch) fetchLoop(ctx context.Context) error {
	began := time.Now().Add(-w.Recorder.Now())
	l := Fetch{
		FS: w.FS, Count: len(w.Mails), Depth: w.Spec.Depth, Path: w.path,
		Read: func(f *fsapi.File) Reading { return f.Pread },
		Data: func(i int, off int64, p []byte) error { return w.samePart(i, off, p) },
		Done: func(i int, size int64, begun time.Time) error {
			w.Recorder.Op(measure.Read, int(size), begun.Sub(began))
			return w.sameSize(i, size)
		},
	}
	return l.Run(ctx)
}

// fetchBlocking reads with open, fstat, pread, close and a buffer that is used
// again, or with os.ReadFile, in iodepth goroutines.
func (w *mailFetch) fetchBlocking(ctx context.Context) error {
	return inParallel(ctx, w.Spec.Depth, len(w.Mails), func() func(int) error {
		var buf []byte
		return func(i int) (err error) {
			begun := w.Recorder.Now()
			if w.Engine == "readfile" {
				buf, err = os.ReadFile(w.path(i))
			} else {
				buf, err = readWhole(w.path(i), buf)
			}
			w.Recorder.Op(measure.Read, len(buf), begun)
			if err == nil {
				err = w.same(i, buf)
			}
			return err
		}
	})
}

func readWhole(path string, buf []byte) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := int(info.Size())
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	n, err := f.ReadAt(buf[:size], 0)
	if err == io.EOF && n == size {
		err = nil
	}
	return buf[:n], err
}

func (w *mailFetch) Check(context.Context) error { return nil }

func (w *mailFetch) Close() error { return nil }

func (t *Task) same(i int, data []byte) error {
	if err := t.samePart(i, 0, data); err != nil {
		return err
	}
	return t.sameSize(i, int64(len(data)))
}

func (t *Task) samePart(i int, off int64, p []byte) error {
	want := t.Mails[i].Data
	if end := off + int64(len(p)); end > int64(len(want)) || !bytes.Equal(p, want[off:end]) {
		return fmt.Errorf("%s: the %d bytes at offset %d are not those of the mail", t.path(i), len(p), off)
	}
	return nil
}

func (t *Task) sameSize(i int, size int64) error {
	if want := len(t.Mails[i].Data); size != int64(want) {
		return fmt.Errorf("%s: has %d bytes, the mail has %d", t.path(i), size, want)
	}
	return nil
}
