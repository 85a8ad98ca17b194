package fsapi

import (
	"context"
	"slices"
	"sync"
)

// sleepers are the goroutines that sleep until something moves. A mutex of its
// owner guards the list.
type sleepers []chan struct{}

// add puts the calling goroutine into the list; it sleeps afterwards, without
// the mutex.
func (s *sleepers) add() chan struct{} {
	w := make(chan struct{})
	*s = append(*s, w)
	return w
}

// wake wakes all of them.
func (s *sleepers) wake() {
	for _, w := range *s {
		close(w)
	}
	clear(*s)
	*s = (*s)[:0]
}

// sleep waits until w, which add has returned, is woken. If the context ends
// first, it takes w out of the list, for which it locks mu, and returns the
// context's error.
func (s *sleepers) sleep(ctx context.Context, mu *sync.Mutex, w chan struct{}) error {
	select {
	case <-w:
		return nil
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	if i := slices.Index(*s, w); i >= 0 {
		*s = slices.Delete(*s, i, i+1)
	}
	return ctx.Err()
}
