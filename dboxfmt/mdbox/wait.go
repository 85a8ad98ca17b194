package mdbox

import (
	"context"
	"sync"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// lastLook is the longest pause between two looks at an index that another
// process may change.
const lastLook = time.Second

// seen is the index that a user of a mailbox knows.
type seen struct {
	mu   sync.Mutex
	view *mailindex.View
}

func (s *seen) note(v *mailindex.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = v
}

func (s *seen) known() *mailindex.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// Wait looks at the log again and again, less and less often: no callback tells
// what other processes do. One who has not asked for anything yet knows nothing.
func (b *mailbox) Wait(ctx context.Context) error {
	for pause := (mailstore.Backoff{Limit: lastLook}); ; {
		v, err := b.view(ctx)
		if err != nil {
			return err
		}
		if v.View != b.seen.known() {
			return nil
		}
		if err := pause.Pause(ctx); err != nil {
			return err
		}
	}
}
