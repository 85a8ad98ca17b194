package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// mailFetch reads every file whole. Without an iodepth each engine does it in the
// way that suits it: the FS API with ReadFiles, which has a depth of its own,
// blocking engines in ten goroutines. With one, it is an event loop on the FS API
// and so many goroutines.
type mailFetch struct{ *Task }

// Depths without an iodepth.
const (
	fetchGoroutines = 10
	fetchRawDepth   = 32
)

// Prepare makes the files, once in a run.
func (w *mailFetch) Prepare(ctx context.Context) error {
	w.move(filepath.Join(w.Shared, fmt.Sprintf("mails.%d", w.Job)))
	w.sampling = true
	if err := os.Mkdir(w.Dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		return err
	}
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
	if !w.onFS() && w.Engine != "uring-raw" {
		return []string{fmt.Sprintf("%d goroutines", w.depth(fetchGoroutines))}
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

// depth is iodepth, or another if that was not said.
func (w *mailFetch) depth(other int) int {
	if w.Spec.Given("iodepth") {
		return w.Spec.Depth
	}
	return other
}

// fetchBlocking reads with os.File and a buffer that is used again, with bare
// system calls, or with os.ReadFile, in some goroutines.
func (w *mailFetch) fetchBlocking(ctx context.Context) error {
	read := map[string]func(string, []byte) ([]byte, error){
		"sync": readWhole, "syscalls": readSyscalls,
		"readfile": func(path string, _ []byte) ([]byte, error) { return os.ReadFile(path) },
	}[w.Engine]
	return inParallel(ctx, w.depth(fetchGoroutines), len(w.Mails), func() func(int) error {
		var buf []byte
		return func(i int) (err error) {
			begun := w.Recorder.Now()
			buf, err = read(w.path(i), buf)
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

// Check reads all files once more and compares every byte.
func (w *mailFetch) Check(ctx context.Context) error {
	return w.whole(func() error { return w.Run(ctx) })
}

func (w *mailFetch) Close() error { return nil }
