package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// target is where one engine has its mails in one round.
type target struct {
	fs       *fsapi.FS
	dir      string
	mails    []mail
	inFlight int
}

func (t *target) path(i int) string { return filepath.Join(t.dir, fmt.Sprintf("u.%d", i+1)) }

// deliver creates every mail under a temporary name and commits it as u.N,
// many in flight, on one goroutine: callbacks say which one has moved.
func (t *target) deliver(ctx context.Context, r *result) error {
	d := &delivery{target: t, result: r, moved: make(chan *parcel, t.inFlight)}
	return d.run(ctx)
}

type delivery struct {
	*target
	*result
	moved chan *parcel // has room for every parcel under way
	next  int
}

// parcel is a mail on its way to the disk.
type parcel struct {
	index   int
	file    *fsapi.File
	begun   time.Time
	written int
	named   bool
}

func (d *delivery) run(ctx context.Context) error {
	under := map[*parcel]bool{}
	defer func() {
		for p := range under {
			p.file.Close()
		}
	}()
	for d.ops < len(d.mails) {
		var err error
		d.fs.Batch(func() { err = d.turn(under) })
		if err == nil {
			err = await(ctx, d.moved, len(under))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// turn goes on with what has moved, and starts what may be started.
func (d *delivery) turn(under map[*parcel]bool) error {
	for len(d.moved) > 0 {
		if err := d.push(<-d.moved, under); err != nil {
			return err
		}
	}
	for d.next < len(d.mails) && len(under) < d.inFlight {
		p := d.start()
		under[p] = true
		if err := d.push(p, under); err != nil {
			return err
		}
	}
	return nil
}

func (d *delivery) start() *parcel {
	p := &parcel{index: d.next, begun: time.Now()}
	d.next++
	p.file = d.fs.Create(filepath.Join(d.dir, "incoming"), fsapi.FailIfExists, fsapi.Perm{})
	p.file.SetOutputCallback(func() { d.moved <- p })
	return p
}

// push moves p as far as it goes without waiting.
func (d *delivery) push(p *parcel, under map[*parcel]bool) error {
	data := d.mails[p.index].data
	for p.written < len(data) {
		n, err := p.file.Write(data[p.written:])
		p.written += n
		if err != nil {
			return ignoreAgain(err)
		}
	}
	commit := p.file.Commit // asks how it went, once it has been started
	if !p.named {
		commit = func() error { return p.file.CommitAs(filepath.Base(d.path(p.index))) }
		p.named = true
	}
	if err := commit(); err != nil {
		return ignoreAgain(err)
	}
	record(d.latency, time.Since(p.begun))
	d.ops++
	d.bytes += int64(len(data))
	delete(under, p)
	return p.file.Close()
}

func ignoreAgain(err error) error {
	if errors.Is(err, fsapi.ErrAgain) {
		return nil
	}
	return err
}
