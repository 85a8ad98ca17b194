package mdbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

func TestCloseMailboxTwice(t *testing.T) {
	x := newStore(t, Options{})
	one, err := x.Store.Open(ctx, "INBOX")
	require.NoError(t, err)
	other, err := x.Store.Open(ctx, "INBOX")
	require.NoError(t, err)
	require.NoError(t, one.Close())
	require.ErrorIs(t, one.Close(), fsapi.ErrClosed)
	_, err = other.Status(ctx)
	require.NoError(t, err, "it is still open")
	require.NoError(t, other.Close())
}
