package mdbox

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// A message that cannot be written must not fail those that are committed with it.
func TestGroupWithABadMessage(t *testing.T) {
	x := newStore(t, Options{})
	b, err := x.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	defer b.Close()
	var group []*delivery
	for _, received := range []time.Time{{}, time.Unix(-1, 0)} {
		tx := b.Begin().(*transaction)
		if err := tx.Save(ctx, strings.NewReader("text"), mailstore.SaveOptions{Received: received}); err != nil {
			require.Negative(t, received.Unix())
			require.False(t, received.IsZero())
			require.NoError(t, tx.Rollback())
			continue
		}
		group = append(group, &delivery{transaction: tx, turn: make(chan bool, 1)})
	}
	x.deliver(ctx, group)
	require.NoError(t, group[0].err)
}
