package mdbox

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The list of mailboxes is locked before a mailbox, never after.
func TestBeginWaitsForTheListWithoutLocks(t *testing.T) {
	x := newStore(t, Options{LockTimeout: 100 * time.Millisecond})
	require.NoError(t, x.tree.MakeDir(ctx, x.tree.Dir("box"))) // as a crash leaves it
	require.NoError(t, x.tree.Locked(ctx, func() error {
		_, err := x.Store.openBox(ctx, "box") // the first UIDVALIDITY of a store is made under the lock of the list
		require.Error(t, err)
		return nil
	}))
	_, err := os.Stat(x.tree.Dir("box") + "/dovecot.index.log")
	require.ErrorIs(t, err, os.ErrNotExist, "the mailbox was locked while the list was waited for")
}
