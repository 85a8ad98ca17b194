package workload

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// Delivery creates files on one goroutine, many in flight: callbacks say which
// one has moved. Each is written under a temporary name and committed under its
// own.
type Delivery struct {
	FS    *fsapi.FS
	Count int                // files
	Depth int                // in flight
	Path  func(i int) string // of file i
	Data  func(i int) []byte
	Done  func(i int, begun time.Time) // file i is durable

	moved chan *parcel // has room for every parcel under way
	under map[*parcel]bool
	next  int
	ended int
}

// parcel is a file on its way to the disk.
type parcel struct {
	index   int
	file    *fsapi.File
	begun   time.Time
	written int
	named   bool
}

// Run delivers all files.
func (d *Delivery) Run(ctx context.Context) error {
	d.moved, d.under = make(chan *parcel, d.Depth), map[*parcel]bool{}
	defer func() {
		for p := range d.under {
			p.file.Close()
		}
	}()
	for d.ended < d.Count {
		var err error
		d.FS.Batch(func() { err = d.turn() })
		if err == nil {
			err = await(ctx, d.moved, len(d.under))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// turn goes on with what has moved, and starts what may be started.
func (d *Delivery) turn() error {
	for len(d.moved) > 0 {
		if err := d.push(<-d.moved); err != nil {
			return err
		}
	}
	for d.next < d.Count && len(d.under) < d.Depth {
		if err := d.push(d.start()); err != nil {
			return err
		}
	}
	return nil
}

func (d *Delivery) start() *parcel {
	p := &parcel{index: d.next, begun: time.Now()}
	incoming := filepath.Join(filepath.Dir(d.Path(d.next)), "incoming")
	d.next++
	p.file = d.FS.Create(incoming, fsapi.FailIfExists, fsapi.Perm{})
	p.file.SetOutputCallback(func() { d.moved <- p })
	d.under[p] = true
	return p
}

// push moves p as far as it goes without waiting.
func (d *Delivery) push(p *parcel) error {
	data := d.Data(p.index)
	for p.written < len(data) {
		n, err := p.file.Write(data[p.written:])
		p.written += n
		if err != nil {
			return ignoreAgain(err)
		}
	}
	commit := p.file.Commit // asks how it went, once it has been started
	if !p.named {
		commit = func() error { return p.file.CommitAs(filepath.Base(d.Path(p.index))) }
		p.named = true
	}
	if err := commit(); err != nil {
		return ignoreAgain(err)
	}
	d.Done(p.index, p.begun)
	d.ended++
	delete(d.under, p)
	return p.file.Close()
}

func ignoreAgain(err error) error {
	if errors.Is(err, fsapi.ErrAgain) {
		return nil
	}
	return err
}
