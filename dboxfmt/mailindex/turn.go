package mailindex

import (
	"context"
	"sync"

	"github.com/ringbox/ringbox/fsapi"
)

// turn is whose turn it is, among the Indexes of this process for one log, to
// ask the kernel for the lock: they wait in line here, instead of asking again
// and again.
type turn struct {
	key   turnKey
	users int
	token chan struct{}
}

type turnKey struct {
	fs  *fsapi.FS
	log string
}

var turns = struct {
	sync.Mutex
	all map[turnKey]*turn
}{all: map[turnKey]*turn{}}

func turnOf(fs *fsapi.FS, log string) *turn {
	turns.Lock()
	defer turns.Unlock()
	key := turnKey{fs, log}
	t := turns.all[key]
	if t == nil {
		t = &turn{key: key, token: make(chan struct{}, 1)}
		t.token <- struct{}{}
		turns.all[key] = t
	}
	t.users++
	return t
}

// forget ends the use of t.
func (t *turn) forget() {
	turns.Lock()
	defer turns.Unlock()
	if t.users--; t.users == 0 {
		delete(turns.all, t.key)
	}
}

func (t *turn) wait(ctx context.Context) error {
	select {
	case <-t.token:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try reports whether it is our turn now.
func (t *turn) try() bool {
	select {
	case <-t.token:
		return true
	default:
		return false
	}
}

func (t *turn) pass() { t.token <- struct{}{} }
