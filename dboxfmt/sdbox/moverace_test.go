package sdbox

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// A message that comes while others are moved is not one of those, even if its
// UID was asked for.
func TestMoveLeavesWhatComesMeanwhile(t *testing.T) {
	fsys := newFS(t, fsapi.ThreadPool, fsapi.SyncNever)
	x, y := newStore(t, fsys, nil), newStore(t, fsys, nil)
	from, to := x.open("INBOX"), y.open("INBOX")
	save(t, from, mailstore.SaveOptions{}, "one")
	moved, err := from.Move(x.ctx, []uint32{1, 2}, lateMailbox{to, func() { save(t, from, mailstore.SaveOptions{}, "two") }})
	require.NoError(t, err)
	require.Len(t, moved, 1)
	require.Equal(t, []string{`2 "two"`}, contents(t, from))
	require.Equal(t, []string{`1 "one"`}, contents(t, to))
}

// lateMailbox has something happen before its commits.
type lateMailbox struct {
	mailstore.Mailbox
	before func()
}

func (l lateMailbox) Begin() mailstore.Transaction {
	return lateTransaction{l.Mailbox.Begin(), l.before}
}

type lateTransaction struct {
	mailstore.Transaction
	before func()
}

func (l lateTransaction) Commit(ctx context.Context) ([]uint32, error) {
	l.before()
	return l.Transaction.Commit(ctx)
}

// No UIDs are no messages, not all of them, wherever they are copied to.
func TestCopyNothingToAnotherStore(t *testing.T) {
	fsys := newFS(t, fsapi.ThreadPool, fsapi.SyncNever)
	x, y := newStore(t, fsys, nil), newStore(t, fsys, nil)
	from, to := x.open("INBOX"), y.open("INBOX")
	save(t, from, mailstore.SaveOptions{}, "one")
	copied, err := from.Copy(x.ctx, nil, to)
	require.NoError(t, err)
	require.Empty(t, copied)
	copied, err = from.Move(x.ctx, nil, to)
	require.NoError(t, err)
	require.Empty(t, copied)
	require.Empty(t, contents(t, to))
}
