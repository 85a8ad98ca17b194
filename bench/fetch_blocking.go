package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ringbox/ringbox/fsapi"
)

// readers is the number of goroutines of fetchReader.
const readers = 10

// fetchReader reads every mail through the blocking Reader.
func (t *target) fetchReader(ctx context.Context, r *result) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	parts := make([]result, readers)
	errs := make([]error, readers)
	for k := range readers {
		wg.Go(func() {
			parts[k].latency = newLatency()
			for errs[k] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(t.mails) {
					return
				}
				errs[k] = t.readOne(ctx, i, &parts[k])
			}
		})
	}
	wg.Wait()
	for k := range parts {
		if errs[k] != nil {
			return errs[k]
		}
		r.add(parts[k])
	}
	return nil
}

func (t *target) readOne(ctx context.Context, i int, r *result) error {
	begun := time.Now()
	f := t.fs.Open(t.path(i), fsapi.ReadOnly)
	defer f.Close()
	c := &comparer{target: t, index: i}
	n, err := io.Copy(c, fsapi.NewReader(ctx, f))
	if err == nil {
		err = t.ended(i, n)
	}
	record(r.latency, time.Since(begun))
	r.ops++
	r.bytes += n
	return err
}

// comparer compares what is written to it with a mail.
type comparer struct {
	*target
	index int
	off   int64
}

func (c *comparer) Write(p []byte) (int, error) {
	if err := c.differ(c.index, c.off, p); err != nil {
		return 0, err
	}
	c.off += int64(len(p))
	return len(p), nil
}

func (r *result) add(part result) {
	r.ops += part.ops
	r.bytes += part.bytes
	r.latency.Merge(part.latency)
}

// fetchFiles reads every mail with ReadFiles. Its latencies are the times from
// one mail to the next, since nothing else can be seen from outside.
func (t *target) fetchFiles(ctx context.Context, r *result) error {
	paths := make([]string, len(t.mails))
	for i := range paths {
		paths[i] = t.path(i)
	}
	var failed error
	last := time.Now()
	err := t.fs.ReadFiles(ctx, paths, func(i int, data []byte, err error) {
		if err == nil && !bytes.Equal(data, t.mails[i].Data) {
			if err = t.differ(i, 0, data); err == nil {
				err = t.ended(i, int64(len(data)))
			}
		}
		if i != r.ops {
			err = fmt.Errorf("ReadFiles: file %d comes when it is the turn of %d", i, r.ops)
		}
		if err != nil && failed == nil {
			failed = err
		}
		last = tick(r.latency, last)
		r.ops++
		r.bytes += int64(len(data))
	})
	if failed != nil {
		return failed
	}
	return err
}

func tick(h *hdrhistogram.Histogram, last time.Time) time.Time {
	now := time.Now()
	record(h, now.Sub(last))
	return now
}
