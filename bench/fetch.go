package main

import (
	"context"
	"time"

	"github.com/ringbox/ringbox/bench/workload"
	"github.com/ringbox/ringbox/fsapi"
)

// fetchPread reads every mail with Pread and callbacks, many in flight, on one
// goroutine.
func (t *target) fetchPread(ctx context.Context, r *result) error {
	return t.fetchLoop(ctx, r, func(f *fsapi.File) workload.Reading { return f.Pread })
}

// fetchStream does the same through the non-blocking stream.
func (t *target) fetchStream(ctx context.Context, r *result) error {
	return t.fetchLoop(ctx, r, func(f *fsapi.File) workload.Reading {
		s := fsapi.NewInputStream(f)
		return func(p []byte, _ int64) (int, error) { return s.Read(p) }
	})
}

func (t *target) fetchLoop(ctx context.Context, r *result, read func(*fsapi.File) workload.Reading) error {
	l := workload.Fetch{
		FS: t.fs, Count: len(t.mails), Depth: t.inFlight, Path: t.path, Read: read, Data: t.differ,
		Done: func(i int, size int64, begun time.Time) error {
			r.count(int(size), begun)
			return t.ended(i, size)
		},
	}
	return l.Run(ctx)
}
