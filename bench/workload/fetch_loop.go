package workload

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// Reading reads a file, at off or where it has come to.
type Reading func(p []byte, off int64) (int, error)

// Fetch reads whole files on one goroutine, many in flight.
type Fetch struct {
	FS    *fsapi.FS
	Count int                // files
	Depth int                // in flight
	Path  func(i int) string // of file i
	Read  func(f *fsapi.File) Reading
	Data  func(i int, off int64, p []byte) error         // a piece of file i
	Done  func(i int, size int64, begun time.Time) error // file i has ended

	moved chan *letter // has room for every letter under way
	under map[*letter]bool
	next  int
	ended int
	buf   []byte
}

// letter is a file that is being read.
type letter struct {
	index int
	file  *fsapi.File
	read  Reading
	off   int64
	begun time.Time
}

// Run reads all files.
func (l *Fetch) Run(ctx context.Context) error {
	l.moved, l.under, l.buf = make(chan *letter, l.Depth), map[*letter]bool{}, make([]byte, 64<<10)
	defer func() {
		for m := range l.under {
			m.file.Close()
		}
	}()
	for l.ended < l.Count {
		var err error
		l.FS.Batch(func() { err = l.turn() })
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
func (l *Fetch) turn() error {
	for len(l.moved) > 0 {
		if err := l.pull(<-l.moved); err != nil {
			return err
		}
	}
	for l.next < l.Count && len(l.under) < l.Depth {
		if err := l.pull(l.start()); err != nil {
			return err
		}
	}
	return nil
}

func (l *Fetch) start() *letter {
	m := &letter{index: l.next, begun: time.Now()}
	m.file = l.FS.Open(l.Path(m.index), fsapi.ReadOnly)
	m.read = l.Read(m.file)
	m.file.SetInputCallback(func() { l.moved <- m })
	l.next++
	l.under[m] = true
	return m
}

// pull reads as much of m as is there.
func (l *Fetch) pull(m *letter) error {
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
		if err := l.Data(m.index, m.off, l.buf[:n]); err != nil {
			return err
		}
		m.off += int64(n)
	}
}

func (l *Fetch) finish(m *letter) error {
	if err := l.Done(m.index, m.off, m.begun); err != nil {
		return err
	}
	l.ended++
	delete(l.under, m)
	return m.file.Close()
}
