package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/workload"
	"github.com/ringbox/ringbox/fsapi"
)

// target is where one engine has its mails in one round.
type target struct {
	fs       *fsapi.FS
	dir      string
	mails    []mail.Message
	inFlight int
}

func (t *target) path(i int) string { return filepath.Join(t.dir, fmt.Sprintf("u.%d", i+1)) }

// deliver commits every mail as u.N, many in flight, on one goroutine.
func (t *target) deliver(ctx context.Context, r *result) error {
	d := workload.Delivery{
		FS: t.fs, Count: len(t.mails), Depth: t.inFlight, Path: t.path,
		Data: func(i int) []byte { return t.mails[i].Data },
		Done: func(i int, begun time.Time) { r.count(len(t.mails[i].Data), begun) },
	}
	return d.Run(ctx)
}
