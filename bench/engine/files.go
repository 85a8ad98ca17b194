package engine

import (
	"errors"
	"io"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// filesEngine does requests with files of the FS API: reads with Pread, writes
// with Write, syncs with Commit. It is an event loop on the caller's goroutine;
// callbacks say which file has moved.
type filesEngine struct {
	Config
	moved     chan mover
	idle      [][]*readHandle // by file
	handles   []*readHandle
	appenders []*appender // by file; nil while nothing was written
	done      []*Request
	n         int
}

// mover is a file that can go on: it finishes requests as far as it can.
type mover interface{ move() error }

func openFiles(c Config) Engine {
	return &filesEngine{
		Config: c, moved: make(chan mover, c.Depth+len(c.Files)),
		idle: make([][]*readHandle, len(c.Files)), appenders: make([]*appender, len(c.Files)),
	}
}

func (e *filesEngine) Queue(batch, done []*Request) (int, error) {
	e.done, e.n = done, 0
	var err error
	e.FS.Batch(func() {
		for _, r := range batch {
			if err = e.start(r); err != nil {
				return
			}
		}
		err = e.moveAll()
	})
	return e.n, err
}

func (e *filesEngine) start(r *Request) error {
	if r.Dir == measure.Read {
		h := e.handle(r.File)
		h.request, r.N = r, 0
		return h.move()
	}
	return e.appender(r.File).add(r)
}

// moveAll goes on with what has moved so far.
func (e *filesEngine) moveAll() error {
	for len(e.moved) > 0 {
		if err := (<-e.moved).move(); err != nil {
			return err
		}
	}
	return nil
}

func (e *filesEngine) Wait(done []*Request) (int, error) {
	e.done, e.n = done, 0
	for e.n == 0 {
		m := <-e.moved
		var err error
		e.FS.Batch(func() {
			if err = m.move(); err == nil {
				err = e.moveAll()
			}
		})
		if err != nil {
			return e.n, err
		}
	}
	return e.n, nil
}

func (e *filesEngine) finish(r *Request, n int, err error) {
	r.finish(n, err)
	e.done[e.n] = r
	e.n++
}

func (e *filesEngine) Close() (err error) {
	for _, h := range e.handles {
		err = errors.Join(err, h.file.Close())
	}
	for _, a := range e.appenders {
		if a != nil {
			err = errors.Join(err, a.close())
		}
	}
	return err
}

// readHandle is an open file with one read under way at most.
type readHandle struct {
	engine  *filesEngine
	index   int
	file    *fsapi.File
	request *Request
}

func (e *filesEngine) handle(file int) *readHandle {
	if idle := e.idle[file]; len(idle) > 0 {
		h := idle[len(idle)-1]
		e.idle[file] = idle[:len(idle)-1]
		return h
	}
	h := &readHandle{engine: e, index: file, file: e.FS.Open(e.Files[file], fsapi.ReadOnly)}
	h.file.SetInputCallback(func() { e.moved <- h })
	e.handles = append(e.handles, h)
	return h
}

func (h *readHandle) move() error {
	r := h.request
	if r == nil {
		return nil
	}
	n := r.N
	for n < len(r.Buf) {
		k, err := h.file.Pread(r.Buf[n:], r.Off+int64(n))
		n += k
		if errors.Is(err, fsapi.ErrAgain) {
			r.N = n
			return nil
		}
		if err != nil {
			h.end(n, err)
			return nil
		}
	}
	h.end(n, nil)
	return nil
}

func (h *readHandle) end(n int, err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	h.engine.finish(h.request, n, err)
	h.request = nil
	h.engine.idle[h.index] = append(h.engine.idle[h.index], h)
}
