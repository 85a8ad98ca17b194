package mdbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// A mailbox can take the place of another one as long as it has had no message.
func TestSuccessor(t *testing.T) {
	x := newStore(t, Options{})
	m := x.box("INBOX").(mailstore.Successor)
	require.ErrorIs(t, m.SetUIDValidity(ctx, 0), mailstore.ErrUID)
	require.NoError(t, m.SetUIDValidity(ctx, 12345))
	require.Equal(t, []uint32{7}, save(t, m, mailstore.SaveOptions{UID: 7}, "seven"))
	require.ErrorIs(t, m.SetUIDValidity(ctx, 1), mailstore.ErrUID)
	require.ErrorIs(t, m.RaiseUIDNext(ctx, 1<<32-1), mailstore.ErrUID)
	require.NoError(t, m.RaiseUIDNext(ctx, 20))
	require.NoError(t, m.RaiseUIDNext(ctx, 3), "it is never lowered")
	require.Equal(t, []uint32{20}, save(t, m, mailstore.SaveOptions{}, "twenty"))
	st, err := m.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, []uint32{12345, 21}, []uint32{st.UIDValidity, st.UIDNext})
	require.Equal(t, []string{`7 "seven"`, `20 "twenty"`}, contents(t, m))
}
