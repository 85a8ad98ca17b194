package fsapi

import (
	"context"
	"sync"
)

// call is a chain of operations that a goroutine waits for.
type call struct {
	fs      *FS
	mu      sync.Mutex
	first   *request
	pending int
	left    bool   // nobody waits any more
	after   func() // is called when the last operation has come back, whoever waits
	done    chan struct{}
}

// do runs the chain of first, which newRequest(nil, …) has made, and waits for
// it. If the context ends first, the operations are cancelled and freed when
// they come back, and the caller must not look at them. Otherwise the caller
// frees them with freeChain.
func (fs *FS) do(ctx context.Context, first *request) error {
	return fs.doThen(ctx, first, func() {})
}

// doThen is do with something that must happen when the operations have come
// back, or have never been submitted.
func (fs *FS) doThen(ctx context.Context, first *request, after func()) error {
	err := ctx.Err()
	if err == nil {
		err = fs.enter()
	}
	if err != nil {
		freeChain(first)
		after()
		return err
	}
	c := &call{fs: fs, first: first, pending: first.len(), after: after, done: make(chan struct{})}
	for r := first; r != nil; r = r.next {
		r.owner = c
	}
	fs.queue.put(first)
	fs.flush()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	case <-fs.reaped: // before the operations: the engine has broken down
	}
	if c.leave() {
		return nil // it has finished just now
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return ErrClosed
}

// leave gives up the wait. It reports true if there is nothing to wait for.
func (c *call) leave() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == 0 {
		return true
	}
	c.left = true
	for r := c.first; r != nil; r = r.next {
		c.fs.backend.Cancel(&r.op)
	}
	return false
}

// complete implements completer.
func (c *call) complete(*request) {
	c.mu.Lock()
	c.pending--
	last, left := c.pending == 0, c.left
	c.mu.Unlock()
	if !last {
		return
	}
	if left {
		freeChain(c.first)
	}
	c.after()
	close(c.done)
	c.fs.leave()
}

func freeChain(first *request) {
	for r := first; r != nil; {
		next := r.next
		r.free()
		r = next
	}
}
