package fsapi

import (
	"bytes"
	"context"
)

// ReadFiles reads whole files, many at the same time, and calls fn for each, in
// order, on the calling goroutine. data is valid during the call only; err is
// what is wrong with that file. Small files take one chain of open, read and
// close each. If there are many, those in the directory of the first are looked
// for in the directory that had this name when ReadFiles was called. The error
// of ReadFiles is the context's, or ErrClosed: then fn was not called for the
// rest.
func (fs *FS) ReadFiles(ctx context.Context, paths []string, fn func(i int, data []byte, err error)) error {
	if err := fs.enter(); err != nil {
		return err
	}
	defer fs.leave()
	if len(paths) == 0 {
		return ctx.Err()
	}
	t := newFetch(fs, paths)
	stop := context.AfterFunc(ctx, func() { t.giveUp(ctx.Err()) })
	defer stop()
	defer t.drain()
	t.dir.open(t)
	t.startPumps()
	for i := range t.paths {
		if err := t.await(ctx, i); err != nil {
			return err
		}
		w := t.at(i)
		t.deliver(ctx, i, w, fn)
		t.release(w)
	}
	return nil
}

// await waits until file i has been read, and meanwhile reads others.
func (t *fetch) await(ctx context.Context, i int) error {
	if err := ctx.Err(); err != nil { // AfterFunc may be late
		return err
	}
	if t.fs.isClosed() {
		return ErrClosed
	}
	w := t.at(i)
	for int(t.started.Load()) <= i || w.pending.Load() > 0 {
		from, to := t.claim() // some, if file i has not been started: then nothing is held
		if from < to {
			t.start(from, to)
		} else if err := t.sleep(w); err != nil {
			return err
		}
	}
	return nil
}

// deliver gives one file to the user. One that is larger than the window is
// read again, from its own start, since its name may mean another file by now.
func (t *fetch) deliver(ctx context.Context, i int, w *fetched, fn func(int, []byte, error)) {
	switch err := causeOf(w.openErr, w.readErr); {
	case err != nil:
		fn(i, nil, err)
	case w.whole:
		fn(i, w.buf.mem[:w.n:w.n], nil)
	default:
		data, err := t.fs.readWhole(ctx, t.paths[i])
		fn(i, data, err)
	}
}

func (fs *FS) readWhole(ctx context.Context, path string) ([]byte, error) {
	f := fs.Open(path, ReadOnly)
	defer f.Close()
	var out bytes.Buffer
	if _, err := NewReader(ctx, f).WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
