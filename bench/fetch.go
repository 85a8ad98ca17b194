package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// fetchPread reads every mail with Pread and callbacks, many in flight, on one
// goroutine.
func (t *target) fetchPread(ctx context.Context, r *result) error {
	return t.fetchLoop(ctx, r, func(f *fsapi.File) func([]byte, int64) (int, error) { return f.Pread })
}

// fetchStream does the same through the non-blocking stream.
func (t *target) fetchStream(ctx context.Context, r *result) error {
	return t.fetchLoop(ctx, r, func(f *fsapi.File) func([]byte, int64) (int, error) {
		s := fsapi.NewInputStream(f)
		return func(p []byte, _ int64) (int, error) { return s.Read(p) }
	})
}

// fetchLoop is an event loop over files that are being read.
func (t *target) fetchLoop(ctx context.Context, r *result, reading func(*fsapi.File) func([]byte, int64) (int, error)) error {
	l := &loop{target: t, result: r, moved: make(chan *letter, t.inFlight), buf: make([]byte, 64<<10), under: map[*letter]bool{}, reading: reading}
	defer func() {
		for m := range l.under {
			m.file.Close()
		}
	}()
	return l.run(ctx)
}

type loop struct {
	*target
	*result
	reading func(*fsapi.File) func([]byte, int64) (int, error)
	moved   chan *letter // has room for every letter under way
	under   map[*letter]bool
	next    int
	buf     []byte
}

// letter is a mail that is being read.
type letter struct {
	index int
	file  *fsapi.File
	read  func([]byte, int64) (int, error)
	off   int64
	begun time.Time
}

func (l *loop) run(ctx context.Context) error {
	for l.ops < len(l.mails) {
		var err error
		l.fs.Batch(func() { err = l.turn() })
		if err == nil {
			err = await(ctx, l.moved, len(l.under))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// turn goes on with what has moved, and starts what may be started.
func (l *loop) turn() error {
	for len(l.moved) > 0 {
		if err := l.pull(<-l.moved); err != nil {
			return err
		}
	}
	for l.next < len(l.mails) && len(l.under) < l.inFlight {
		if err := l.pull(l.start()); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) start() *letter {
	m := &letter{index: l.next, begun: time.Now()}
	m.file = l.fs.Open(l.path(m.index), fsapi.ReadOnly)
	m.read = l.reading(m.file)
	m.file.SetInputCallback(func() { l.moved <- m })
	l.next++
	l.under[m] = true
	return m
}

// pull reads as much of m as is there.
func (l *loop) pull(m *letter) error {
	for {
		n, err := m.read(l.buf, m.off)
		switch {
		case errors.Is(err, fsapi.ErrAgain):
			return nil
		case errors.Is(err, io.EOF):
			return l.finish(m)
		case err != nil:
			return err
		}
		if err := l.differ(m.index, m.off, l.buf[:n]); err != nil {
			return err
		}
		m.off += int64(n)
	}
}

func (l *loop) finish(m *letter) error {
	if err := l.ended(m.index, m.off); err != nil {
		return err
	}
	record(l.latency, time.Since(m.begun))
	l.ops++
	l.bytes += m.off
	delete(l.under, m)
	return m.file.Close()
}
