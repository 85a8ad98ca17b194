package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/dboxfmt"
)

// rotateSize is how large a multi-dbox file grows, in bytes.
const rotateSize = 32 << 20

// mdboxFetch reads every message of multi-dbox files once, in random order, one
// read for each: what an index makes possible.
type mdboxFetch struct {
	*Task
	header  dboxfmt.FileHeader
	files   []string
	places  []place // by mail
	longest int64
}

// place is where a message is.
type place struct {
	file    int
	message *dboxfmt.Message
}

func (w *mdboxFetch) Prepare(ctx context.Context) error {
	w.header, w.sampling = dboxfmt.NewFileHeader(2, time.Now()), true
	for len(w.places) < len(w.Mails) {
		if err := errors.Join(ctx.Err(), w.writeFile()); err != nil {
			return err
		}
	}
	return nil
}

// writeFile fills the next file.
func (w *mdboxFetch) writeFile() (err error) {
	path := filepath.Join(w.Dir, fmt.Sprintf("m.%d", len(w.files)+1))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out, err := dboxfmt.NewWriter(f, w.header, dboxfmt.WriterOptions{})
	if err != nil {
		return err
	}
	w.files = append(w.files, path)
	for size := int64(0); size < rotateSize && len(w.places) < len(w.Mails); {
		m, err := appendMessage(out, w.Mails[len(w.places)].Data)
		if err != nil {
			return err
		}
		w.places = append(w.places, place{len(w.files) - 1, m})
		w.longest = max(w.longest, m.Length)
		size = m.End()
	}
	return nil
}

func (w *mdboxFetch) Files() []string { return w.files }

func (w *mdboxFetch) Run(ctx context.Context) (err error) {
	e, err := engine.Open(w.Engine, engine.Config{Files: w.files, Read: true, Depth: w.Spec.Depth, FS: w.FS})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if engine.Synchronous(w.Engine) {
		return inParallel(ctx, w.Spec.Depth, len(w.places), func() func(int) error { return w.reader(e) })
	}
	return w.loop(ctx, e)
}

// order is the order of the messages.
func (w *mdboxFetch) order() []int {
	return rand.New(rand.NewPCG(w.Spec.Seed, 3)).Perm(len(w.places))
}

// loop keeps iodepth reads in flight.
func (w *mdboxFetch) loop(ctx context.Context, e engine.Engine) error {
	var free []*mdboxRead
	for range w.Spec.Depth {
		free = append(free, &mdboxRead{buf: make([]byte, w.longest)})
	}
	running := map[*engine.Request]*mdboxRead{}
	done, order := make([]*engine.Request, w.Spec.Depth), w.order()
	for ended := 0; ended < len(w.places); {
		var batch []*engine.Request
		for len(order) > 0 && len(free) > 0 {
			r := free[len(free)-1]
			free = free[:len(free)-1]
			w.aim(r, order[0])
			running[&r.request] = r
			batch, order = append(batch, &r.request), order[1:]
		}
		n, err := e.Queue(batch, done)
		if err == nil && n == 0 {
			n, err = e.Wait(done)
		}
		if err = errors.Join(ctx.Err(), err); err != nil {
			return err
		}
		for _, req := range done[:n] {
			r := running[req]
			if err := w.take(r); err != nil {
				return err
			}
			free = append(free, r)
			ended++
		}
	}
	return nil
}

// mdboxRead is one read under way.
type mdboxRead struct {
	request engine.Request
	mail    int
	buf     []byte
}

func (w *mdboxFetch) aim(r *mdboxRead, mail int) {
	p := w.places[mail]
	r.mail = mail
	r.request = engine.Request{Dir: measure.Read, File: p.file, Off: p.message.Offset,
		Buf: r.buf[:p.message.Length], Begun: w.Recorder.Now()}
}

// take checks a message that was read.
func (w *mdboxFetch) take(r *mdboxRead) error {
	if err := r.request.Err; err != nil {
		return fmt.Errorf("%s: offset %d: %w", w.files[r.request.File], r.request.Off, err)
	}
	w.Recorder.Op(measure.Read, r.request.N, r.request.Begun)
	m := w.places[r.mail].message
	if _, err := dboxfmt.ParseMessageHeader(w.header, r.request.Buf); err != nil {
		return fmt.Errorf("%s: offset %d: %w", w.files[r.request.File], r.request.Off, err)
	}
	begin := m.BodyOffset - m.Offset
	return w.same(r.mail, r.request.Buf[begin:begin+m.BodySize])
}

// reader reads with pread, in a goroutine of its own.
func (w *mdboxFetch) reader(e engine.Engine) func(int) error {
	order, r := w.order(), &mdboxRead{buf: make([]byte, w.longest)}
	done := make([]*engine.Request, 1)
	return func(i int) error {
		w.aim(r, order[i])
		if _, err := e.Queue([]*engine.Request{&r.request}, done); err != nil {
			return err
		}
		return w.take(r)
	}
}

// Check reads all messages once more and compares every byte.
func (w *mdboxFetch) Check(ctx context.Context) error {
	return w.whole(func() error { return w.Run(ctx) })
}

func (w *mdboxFetch) Close() error { return nil }
