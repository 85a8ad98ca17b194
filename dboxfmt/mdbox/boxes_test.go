package mdbox

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// A mailbox whose index takes long to open holds up nobody who wants another, and
// one who gives up does not take it away from those who wait with him.
func TestOpeningHoldsUpNobodyElse(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	x := newStore(t, Options{FS: newFS(t, b, fsapi.SyncNever)})
	save(t, x.box("INBOX"), mailstore.SaveOptions{}, "one")
	require.NoError(t, x.Create(ctx, "Slow"))
	require.NoError(t, x.Create(ctx, "Other"))

	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Suffix: "Slow/dbox-Mails/dovecot.index"}.Hold())
	short, giveUp := context.WithCancel(ctx)
	opened := make(chan error, 2)
	open := func(ctx context.Context) {
		b, err := x.Open(ctx, "Slow")
		if err == nil {
			err = b.Close()
		}
		opened <- err
	}
	go open(short)
	<-held.Reached()
	go open(ctx)
	require.Len(t, contents(t, x.box("INBOX")), 1)
	other, err := x.Open(ctx, "Other")
	require.NoError(t, err)
	require.NoError(t, other.Close())
	giveUp()
	require.ErrorIs(t, <-opened, context.Canceled)
	held.Release()
	require.NoError(t, <-opened)
}

// Nothing is opened any more once the store is closed.
func TestOpeningAfterClose(t *testing.T) {
	fsys := newFS(t, backend.NewSync(0), fsapi.SyncNever)
	s, err := Open(ctx, Options{FS: fsys, Root: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, s.Create(ctx, "Other"))
	require.NoError(t, s.Close())
	_, err = s.Open(ctx, "Other")
	require.ErrorIs(t, err, fsapi.ErrClosed)
}
