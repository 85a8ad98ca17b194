package main

import (
	"context"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

// eachFile does the work for all files, at most jobs at a time, and gives the
// results to done in the order of the files, on the calling goroutine. It stops
// when done returns an error or ctx ends.
func eachFile[T any](ctx context.Context, all []files.Found, jobs int, work func(context.Context, files.Found) T, done func(T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	results := make(chan chan T, jobs-1) // those under way, in order; one more is waited for
	go func() {
		defer close(results)
		for _, f := range all {
			result := make(chan T, 1)
			select {
			case results <- result:
				go func() { result <- work(ctx, f) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	var err error
	for result := range results {
		r := <-result
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = done(r)
		}
		if err != nil {
			cancel()
		}
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	cancel()
	return err
}

// findAll returns the message files of all paths, and tells about what is
// skipped.
func (a *app) findAll(ctx context.Context, fs *fsapi.FS, paths []string, skipped func(files.Found) error) (all []files.Found, bytes int64, err error) {
	for _, path := range paths {
		found, err := files.Find(ctx, fs, path)
		if err != nil {
			return nil, 0, err
		}
		for _, f := range found {
			if f.Note != "" {
				if err := skipped(f); err != nil {
					return nil, 0, err
				}
				continue
			}
			all, bytes = append(all, f), bytes+f.Size
		}
	}
	return all, bytes, nil
}
