package sdbox

import (
	"context"
	"slices"
	"sync"
)

// commitQueue gathers commits that come while another is under way: they are
// done together then. One of those who wait does the work for all.
type commitQueue struct {
	turn chan struct{} // holds a token: whoever has it does the work

	mu      sync.Mutex
	waiting []*commitRequest
}

// commitRequest is the commit of one transaction.
type commitRequest struct {
	messages []*message
	err      error
	done     chan struct{} // closed when err and the UIDs are there
}

// maxGroup bounds the messages that are committed together, beyond the first
// request.
const maxGroup = 1000

func newCommitQueue() *commitQueue {
	q := &commitQueue{turn: make(chan struct{}, 1)}
	q.turn <- struct{}{}
	return q
}

// commit saves messages, together with those of others.
func (b *box) commit(ctx context.Context, messages []*message) ([]uint32, error) {
	r := &commitRequest{messages: messages, done: make(chan struct{})}
	q := b.queue
	q.mu.Lock()
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	if err := b.lead(ctx, r); err != nil {
		return nil, err
	}
	uids := make([]uint32, len(messages))
	for i, m := range messages {
		uids[i] = m.uid
	}
	return uids, nil
}

// lead waits until somebody has done r, or does it with others.
func (b *box) lead(ctx context.Context, r *commitRequest) error {
	q := b.queue
	for {
		select {
		case <-r.done:
			return r.err
		case <-ctx.Done():
			if q.withdraw(r) {
				return ctx.Err()
			}
			<-r.done
			return r.err
		case <-q.turn:
			err := b.leadOnce(ctx, r)
			q.turn <- struct{}{}
			if err != nil {
				return err
			}
		}
	}
}

// leadOnce does the commits that are waiting. An error is about r alone, whose
// turn it was to take the lock.
func (b *box) leadOnce(ctx context.Context, r *commitRequest) error {
	q := b.queue
	if !q.has(r) {
		return nil // done already
	}
	l, v, err := b.lock(ctx)
	if err != nil {
		q.withdraw(r)
		return err
	}
	defer b.unlock(context.WithoutCancel(ctx), l)
	group := q.take()
	// What has begun is brought to its end.
	err = b.commitGroup(context.WithoutCancel(ctx), l, v, group)
	for _, g := range group {
		if err != nil {
			g.err = err
		}
		close(g.done)
	}
	return nil
}

func (q *commitQueue) has(r *commitRequest) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Contains(q.waiting, r)
}

// take removes the next requests from the queue.
func (q *commitQueue) take() []*commitRequest {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, messages := 0, 0
	for n < len(q.waiting) && (n == 0 || messages+len(q.waiting[n].messages) <= maxGroup) {
		messages += len(q.waiting[n].messages)
		n++
	}
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// withdraw takes a request back; false: somebody is at it already.
func (q *commitQueue) withdraw(r *commitRequest) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, r)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}
