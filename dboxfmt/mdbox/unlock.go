package mdbox

import (
	"context"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// unlock gives a lock back, and keeps the index short before that. What has been
// done is done, whether or not that works: it is due again next time.
func (s *Store) unlock(ctx context.Context, l *mailindex.Locked) error {
	if err := l.Upkeep(ctx); err != nil {
		s.opts.Logger.WarnContext(ctx, "mdbox: upkeep of an index", "root", s.opts.Root, "err", err)
	}
	return l.Unlock()
}
