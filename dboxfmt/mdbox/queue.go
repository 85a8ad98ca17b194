package mdbox

import (
	"context"
	"sync"
)

// commitQueue makes one group of the transactions that want to commit at the
// same time: the first one commits its own and those that have come by then,
// with one lock and one sync of the map for all.
type commitQueue struct {
	mu      sync.Mutex
	waiting []*delivery
	leading bool
}

// delivery is a transaction in its commit.
type delivery struct {
	*transaction
	mapped bool // the map has its messages
	uids   []uint32
	err    error
	turn   chan bool // true: lead the next group; false: it is done
}

// join waits until d is done. deliver is called with a group that d is in, or
// somebody else's call is waited for. A context that ends takes d out of the
// line, if it still stands there.
func (q *commitQueue) join(ctx context.Context, d *delivery, deliver func([]*delivery)) error {
	q.mu.Lock()
	q.waiting = append(q.waiting, d)
	lead := !q.leading
	q.leading = true
	q.mu.Unlock()
	if !lead {
		select {
		case lead = <-d.turn:
		case <-ctx.Done():
			if q.withdraw(d) {
				return ctx.Err()
			}
			lead = <-d.turn
		}
	}
	if lead {
		q.lead(d, deliver)
	}
	return d.err
}

// lead commits what is waiting, d with it, and hands over.
func (q *commitQueue) lead(d *delivery, deliver func([]*delivery)) {
	q.mu.Lock()
	group := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	deliver(group)
	for _, other := range group {
		if other != d {
			other.turn <- false
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.leading = len(q.waiting) > 0; q.leading {
		q.waiting[0].turn <- true
	}
}

// withdraw takes d out of the line. false: it has been taken already, or leads.
func (q *commitQueue) withdraw(d *delivery) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.waiting {
		if other == d {
			if len(d.turn) > 0 {
				return false
			}
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}
