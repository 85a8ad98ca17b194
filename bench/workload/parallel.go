package workload

import (
	"context"
	"sync"
	"sync/atomic"
)

// inParallel does the numbers 0 to count-1 in some goroutines, each with a
// function of its own, until one fails.
func inParallel(ctx context.Context, goroutines, count int, worker func() func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range min(goroutines, count) {
		do := worker()
		wg.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = do(i)
				}
				if err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
