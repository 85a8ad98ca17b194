package mdbox

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// foreign is a mailbox of another kind of store, during whose commits something
// happens.
type foreign struct {
	mailstore.Mailbox
	meanwhile func()
}

func (f foreign) Begin() mailstore.Transaction {
	f.meanwhile()
	return f.Mailbox.Begin()
}

// That somebody expunges a message while others are moved must not leave those.
func TestMoveWhileSomebodyExpunges(t *testing.T) {
	x, y := newStore(t, Options{}), newStore(t, Options{})
	from, err := x.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	defer from.Close()
	to, err := y.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	defer to.Close()
	tx := from.Begin()
	for range 3 {
		require.NoError(t, tx.Save(ctx, strings.NewReader("text"), mailstore.SaveOptions{}))
	}
	uids, err := tx.Commit(ctx)
	require.NoError(t, err)
	_, err = from.Move(ctx, uids, foreign{to, func() { require.NoError(t, from.Expunge(ctx, uids[:1])) }})
	require.NoError(t, err)
	left, err := from.Status(ctx)
	require.NoError(t, err)
	require.Zero(t, left.Messages, "they are in the other mailbox")
}
