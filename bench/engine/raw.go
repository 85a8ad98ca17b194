package engine

import (
	"errors"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/uring"
)

// rawEngine hands requests to a backend as they are.
type rawEngine struct {
	backend  backend.Backend
	handles  []backend.Handle
	paths    []string
	ops      []*backend.Op
	finished []*backend.Op
}

func openRaw(c Config) (Engine, error) {
	b, err := uring.New(uring.Options{Depth: max(c.Depth, backend.MaxChain), Rings: 1})
	if err != nil {
		return nil, err
	}
	e := &rawEngine{backend: b, handles: make([]backend.Handle, len(c.Files)), paths: c.Files,
		finished: make([]*backend.Op, max(c.Depth, 1))}
	var flags backend.OpenFlag
	if c.Write {
		flags = backend.OpenWrite | backend.OpenCreate
	}
	for i, path := range c.Files {
		op := &backend.Op{Kind: backend.OpOpen, Path: path, Handle: &e.handles[i], Open: flags, Mode: 0o600}
		err := e.do(op)
		if err == nil {
			err = c.Hint.give(e.handles[i].FD())
		}
		if err != nil {
			return nil, errors.Join(err, e.Close())
		}
		// Both are a gain where there is room for them, and no loss where not.
		_, _ = b.RegisterFile(&e.handles[i])
	}
	if len(c.Memory) > 0 && len(c.Memory) <= 1<<30 {
		_ = b.Register(c.Memory)
	}
	return e, nil
}

// do runs one operation to its end, while nothing else is in flight.
func (e *rawEngine) do(op *backend.Op) error {
	_, n, err := e.backend.Submit([]*backend.Op{op}, e.finished)
	if err == nil && n == 0 {
		_, err = e.backend.Reap(e.finished)
	}
	return errors.Join(err, op.Err)
}

func (e *rawEngine) Queue(batch, done []*Request) (n int, err error) {
	e.ops = e.ops[:0]
	for _, r := range batch {
		e.ops = append(e.ops, e.operation(r))
	}
	for ops := e.ops; ; {
		started, finished, err := e.backend.Submit(ops, e.finished)
		n += deliver(e.finished[:finished], done[n:])
		if err != nil {
			return n, err
		}
		if ops = ops[started:]; len(ops) == 0 {
			return n, nil
		}
		if started > 0 || finished > 0 {
			continue
		}
		finished, err = e.backend.Reap(e.finished)
		n += deliver(e.finished[:finished], done[n:])
		if err != nil {
			return n, err
		}
	}
}

func (e *rawEngine) operation(r *Request) *backend.Op {
	op := &r.op
	op.Reset()
	op.Handle, op.Path, op.Buf, op.Off, op.User = &e.handles[r.File], e.paths[r.File], r.Buf, r.Off, r
	switch {
	case r.Dir == measure.Read:
		op.Kind = backend.OpRead
	case r.Dir == measure.Write:
		op.Kind = backend.OpWrite
	case r.DataOnly:
		op.Kind, op.Buf = backend.OpDatasync, nil
	default:
		op.Kind, op.Buf = backend.OpSync, nil
	}
	return op
}

func deliver(ops []*backend.Op, done []*Request) int {
	for i, op := range ops {
		r := op.User.(*Request)
		r.finish(op.N, op.Err)
		done[i] = r
	}
	return len(ops)
}

func (e *rawEngine) Wait(done []*Request) (int, error) {
	n, err := e.backend.Reap(e.finished)
	return deliver(e.finished[:n], done), err
}

func (e *rawEngine) Close() (err error) {
	for i := range e.handles {
		if h := &e.handles[i]; h.IsOpen() {
			err = errors.Join(err, e.do(&backend.Op{Kind: backend.OpClose, Handle: h, Path: e.paths[i]}))
		}
	}
	return errors.Join(err, e.backend.Close())
}
