package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// mdboxAppend appends every mail to one multi-dbox file. commit=single, or the
// engine serial: one commit (fdatasync) a message; commit=group: one for iodepth
// messages.
type mdboxAppend struct {
	*Task
	file *os.File    // blocking
	out  *fsapi.File // FS API
}

func (w *mdboxAppend) store() string { return filepath.Join(w.Dir, "m.1") }

func (w *mdboxAppend) Prepare(context.Context) (err error) {
	if w.onFS() {
		w.out = w.FS.Create(w.store(), fsapi.FailIfExists, fsapi.Perm{})
		return nil
	}
	if w.file, err = os.OpenFile(w.store(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	return syncDir(w.Dir)
}

func (w *mdboxAppend) Files() []string { return nil }

func (w *mdboxAppend) Run(ctx context.Context) error {
	sink, commit := io.Writer(w.file), func() error { return engine.SyncFile(w.file, true) }
	if w.onFS() {
		writer := fsapi.NewWriter(ctx, w.out)
		sink, commit = writer, writer.Commit
	}
	out, err := dboxfmt.NewWriter(sink, dboxfmt.NewFileHeader(2, time.Now()), dboxfmt.WriterOptions{})
	if err != nil {
		return err
	}
	size := w.Spec.Depth
	if w.Spec.Commit == "single" || w.Engine == "serial" {
		size = 1
	}
	for from := 0; from < len(w.Mails); from += size {
		if err := w.group(ctx, out, commit, from, min(from+size, len(w.Mails))); err != nil {
			return err
		}
	}
	return nil
}

// group appends messages and makes them durable together.
func (w *mdboxAppend) group(ctx context.Context, out *dboxfmt.Writer, commit func() error, from, to int) error {
	begun := make([]time.Duration, to-from)
	for i := from; i < to; i++ {
		begun[i-from] = w.Recorder.Now()
		if _, err := appendMessage(out, w.Mails[i].Data); err != nil {
			return err
		}
	}
	if err := errors.Join(ctx.Err(), commit()); err != nil {
		return err
	}
	for i := from; i < to; i++ {
		w.Recorder.Op(measure.Write, len(w.Mails[i].Data), begun[i-from])
	}
	return nil
}

func appendMessage(out *dboxfmt.Writer, data []byte) (*dboxfmt.Message, error) {
	m, err := out.Create(int64(len(data)))
	if err != nil {
		return nil, err
	}
	if _, err := m.Write(data); err != nil {
		return nil, err
	}
	return m.Finish(nil)
}

// Check reads the file from its beginning.
func (w *mdboxAppend) Check(context.Context) error {
	f, err := os.Open(w.store())
	if err != nil {
		return err
	}
	defer f.Close()
	d := dboxfmt.NewDecoder(f, dboxfmt.DecoderOptions{Name: w.store()})
	for i := range w.Mails {
		if _, err := d.Next(); err != nil {
			return fmt.Errorf("%s: message %d: %w", w.store(), i+1, err)
		}
		body, err := io.ReadAll(d)
		if err == nil {
			err = w.same(i, body)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.Next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: goes on after %d messages: %w", w.store(), len(w.Mails), err)
	}
	return nil
}

func (w *mdboxAppend) Close() error {
	if w.out != nil {
		return w.out.Close()
	}
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}
