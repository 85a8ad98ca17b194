package mdbox

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// After a rebuild the handles that were open have another index of the mailbox
// than those opened since. Both can be in one group.
func TestGroupWithTwoIndexesOfAMailbox(t *testing.T) {
	x := newStore(t, Options{LockTimeout: 300 * time.Millisecond})
	open := func() *mailbox {
		b, err := x.Store.openBox(ctx, "INBOX")
		require.NoError(t, err)
		t.Cleanup(func() { _ = b.Close() })
		return b
	}
	before := open()
	_, err := x.Rebuild(ctx)
	require.NoError(t, err)
	after := open()
	var group []*delivery
	for _, b := range []*mailbox{before, after, before} {
		tx := b.Begin().(*transaction)
		require.NoError(t, tx.Save(ctx, strings.NewReader("text"), mailstore.SaveOptions{}))
		group = append(group, &delivery{transaction: tx, turn: make(chan bool, 1)})
	}
	x.deliver(ctx, group)
	var uids []uint32
	for _, d := range group {
		require.NoError(t, d.err)
		uids = append(uids, d.uids...)
	}
	require.ElementsMatch(t, []uint32{1, 2, 3}, uids)
}
