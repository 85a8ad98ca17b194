//go:build iouringgo && linux

package engine

import (
	"errors"
	"fmt"
	"os"

	"github.com/iceber/iouring-go"

	"github.com/ringbox/ringbox/bench/measure"
)

// ringEngine is the high-level ring of iouring-go.
type ringEngine struct {
	ring     *iouring.IOURing
	files    []*os.File
	results  chan iouring.Result // has room for all that is in flight
	requests []iouring.PrepRequest
}

func openRing(c Config) (Engine, error) {
	ring, err := iouring.New(uint(max(c.Depth, 1)))
	if err != nil {
		return nil, fmt.Errorf("%w: iouring-go: %w", ErrUnavailable, err)
	}
	files, err := openOS(c)
	if err != nil {
		return nil, errors.Join(err, ring.Close())
	}
	return &ringEngine{ring: ring, files: files, results: make(chan iouring.Result, max(c.Depth, 1))}, nil
}

func (e *ringEngine) Queue(batch, done []*Request) (int, error) {
	e.requests = e.requests[:0]
	for _, r := range batch {
		e.requests = append(e.requests, e.prepare(r).WithInfo(r))
	}
	_, err := e.ring.SubmitRequests(e.requests, e.results)
	return 0, err
}

func (e *ringEngine) prepare(r *Request) iouring.PrepRequest {
	fd := int(e.files[r.File].Fd())
	switch {
	case r.Dir == measure.Read:
		return iouring.Pread(fd, r.Buf, uint64(r.Off))
	case r.Dir == measure.Write:
		return iouring.Pwrite(fd, r.Buf, uint64(r.Off))
	case r.DataOnly:
		return iouring.Fdatasync(fd)
	}
	return iouring.Fsync(fd)
}

func (e *ringEngine) Wait(done []*Request) (int, error) {
	done[0] = settle(<-e.results)
	n := 1
	for len(e.results) > 0 {
		done[n] = settle(<-e.results)
		n++
	}
	return n, nil
}

func settle(result iouring.Result) *Request {
	r := result.GetRequestInfo().(*Request)
	if r.Dir == measure.Sync {
		r.finish(0, result.Err())
		return r
	}
	r.finish(result.ReturnInt())
	return r
}

func (e *ringEngine) Close() error { return errors.Join(e.ring.Close(), closeAll(e.files)) }
