package workload

import (
	"context"
	"errors"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/uring"
)

// rawFile is one file on its way through the ring: open, read, close.
type rawFile struct {
	ops    [3]backend.Op
	handle backend.Handle
	index  int
	buf    []byte
	back   int // operations that have come back
	begun  time.Duration
}

// fetchRaw reads with chains of open, read and close, iodepth of them in flight,
// without the FS API. A buffer has room for the largest mail.
func (w *mailFetch) fetchRaw(ctx context.Context) (err error) {
	depth := w.depth(fetchRawDepth)
	e, err := uring.New(uring.Options{Depth: max(3*depth, backend.MaxChain), Rings: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	r := &rawFetch{mailFetch: w, engine: e, done: make([]*backend.Op, 3*depth)}
	largest := 1
	for _, m := range w.Mails {
		largest = max(largest, len(m.Data)+1)
	}
	for range depth {
		r.free = append(r.free, &rawFile{buf: make([]byte, largest)})
	}
	return r.loop(ctx)
}

type rawFetch struct {
	*mailFetch
	engine *uring.Engine
	free   []*rawFile
	done   []*backend.Op
	next   int
	ended  int
}

func (r *rawFetch) loop(ctx context.Context) error {
	var ops []*backend.Op
	for r.ended < len(r.Mails) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for r.next < len(r.Mails) && len(r.free) > 0 {
			ops = append(ops, r.start()...)
		}
		started, n, err := r.engine.Submit(ops, r.done)
		if ops = ops[started:]; err == nil && n == 0 {
			n, err = r.engine.Reap(r.done)
		}
		if err == nil {
			err = r.collect(r.done[:n])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rawFetch) start() []*backend.Op {
	f := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	f.index, f.back, f.begun = r.next, 0, r.Recorder.Now()
	r.next++
	path := r.path(f.index)
	f.ops = [3]backend.Op{
		{Kind: backend.OpOpen, Path: path, Handle: &f.handle, Link: true, User: f},
		{Kind: backend.OpRead, Path: path, Handle: &f.handle, Buf: f.buf, Link: true, User: f},
		{Kind: backend.OpClose, Path: path, Handle: &f.handle, User: f},
	}
	return []*backend.Op{&f.ops[0], &f.ops[1], &f.ops[2]}
}

// collect takes operations that have come back, in any order.
func (r *rawFetch) collect(ops []*backend.Op) error {
	for _, op := range ops {
		f := op.User.(*rawFile)
		if f.back++; f.back < len(f.ops) {
			continue
		}
		for i := range f.ops {
			if err := f.ops[i].Err; err != nil {
				return err
			}
		}
		data := f.buf[:f.ops[1].N]
		r.Recorder.Op(measure.Read, len(data), f.begun)
		if err := r.same(f.index, data); err != nil {
			return err
		}
		r.ended++
		r.free = append(r.free, f)
	}
	return nil
}
