package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// mailboxScan lists a directory of single-dbox files and reads header and
// metadata of each, in iodepth goroutines: what rebuilding an index takes.
type mailboxScan struct{ *Task }

func (w *mailboxScan) Prepare(ctx context.Context) error {
	header := dboxfmt.NewFileHeader(2, time.Now())
	for i, m := range w.Mails {
		if err := errors.Join(ctx.Err(), writeSingle(w.path(i), header, m.Data)); err != nil {
			return err
		}
	}
	return nil
}

func writeSingle(path string, header dboxfmt.FileHeader, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out, err := dboxfmt.NewWriter(f, header, dboxfmt.WriterOptions{})
	if err != nil {
		return err
	}
	_, err = appendMessage(out, data)
	return err
}

func (w *mailboxScan) Files() []string { return w.paths() }

func (w *mailboxScan) Run(ctx context.Context) error {
	names, err := w.list(ctx)
	if err != nil {
		return err
	}
	if len(names) != len(w.Mails) {
		return fmt.Errorf("%s: %d files of %d", w.Dir, len(names), len(w.Mails))
	}
	scan := w.scanBlocking
	if w.onFS() {
		scan = w.scanFS
	}
	return inParallel(ctx, w.Spec.Depth, len(names), func() func(int) error {
		return func(i int) error {
			begun := w.Recorder.Now()
			n, err := scan(ctx, filepath.Join(w.Dir, names[i]))
			w.Recorder.Op(measure.Read, n, begun)
			return err
		}
	})
}

func (w *mailboxScan) list(ctx context.Context) (names []string, err error) {
	var entries []os.DirEntry
	if w.onFS() {
		entries, err = w.FS.ReadDir(ctx, w.Dir)
	} else {
		entries, err = os.ReadDir(w.Dir)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (w *mailboxScan) scanFS(ctx context.Context, path string) (_ int, err error) {
	f := w.FS.Open(path, fsapi.ReadOnly)
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat(ctx)
	if err != nil {
		return 0, err
	}
	return look(path, fsapi.NewReader(ctx, f), info.Size())
}

func (w *mailboxScan) scanBlocking(_ context.Context, path string) (_ int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return look(path, f, info.Size())
}

// look reads header and metadata, and returns how many bytes that took.
func look(path string, r io.ReaderAt, size int64) (int, error) {
	counted := &counter{r: r}
	_, m, err := dboxfmt.Source{Name: path, R: counted, Size: size}.Single()
	if err == nil && m.BodySize > size {
		err = fmt.Errorf("%s: body of %d bytes in a file of %d", path, m.BodySize, size)
	}
	return counted.n, err
}

// counter counts what is read.
type counter struct {
	r io.ReaderAt
	n int
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += n
	return n, err
}

func (w *mailboxScan) Check(context.Context) error { return nil }

func (w *mailboxScan) Close() error { return nil }
