package mdbox

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// A context that ends when the messages are out of the mailbox must not keep the
// references from being counted down: nothing would do that later.
func TestExpungeCancelledInTheMiddle(t *testing.T) {
	var cancel atomic.Pointer[context.CancelFunc]
	x := newStore(t, Options{Now: func() time.Time {
		if c := cancel.Load(); c != nil {
			(*c)()
		}
		return time.Now()
	}})
	b, err := x.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	defer b.Close()
	tx := b.Begin()
	require.NoError(t, tx.Save(ctx, strings.NewReader("text"), mailstore.SaveOptions{}))
	uids, err := tx.Commit(ctx)
	require.NoError(t, err)
	c, stop := context.WithCancel(ctx)
	defer stop()
	cancel.Store(&stop) // the clock is read by the upkeep of the mailbox's index
	err = b.Expunge(c, uids)
	cancel.Store(nil)
	require.Error(t, c.Err(), "cancelled in the middle")
	require.NoError(t, err)
	m, err := x.mapNow(ctx)
	require.NoError(t, err)
	e, err := m.find(ctx, 1)
	require.NoError(t, err)
	require.Zero(t, e.refs)
}
