package mailstore

import (
	"context"
	"time"
)

// Backoff waits longer each time, from 1 ms up to Limit, for something that
// another process does and that no callback tells.
type Backoff struct {
	Limit time.Duration
	wait  time.Duration
}

// Pause returns the error of the context if that ends first.
func (b *Backoff) Pause(ctx context.Context) error {
	b.wait = min(max(2*b.wait, time.Millisecond), b.Limit)
	timer := time.NewTimer(b.wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
