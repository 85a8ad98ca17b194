package sdbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// A mailbox can take the place of another one as long as it has had no message.
func TestSuccessor(t *testing.T) {
	onEngines(t, fsapi.SyncNever, func(t *testing.T, fsys *fsapi.FS) {
		d := newDovecot(t)
		x := openStore(t, Options{FS: fsys, Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
		m := x.open("INBOX").(mailstore.Successor)
		require.ErrorIs(t, m.SetUIDValidity(x.ctx, 0), mailstore.ErrUID)
		require.NoError(t, m.SetUIDValidity(x.ctx, 12345))
		require.Equal(t, []uint32{7}, save(t, m, mailstore.SaveOptions{UID: 7}, "seven\n"))
		require.ErrorIs(t, m.SetUIDValidity(x.ctx, 1), mailstore.ErrUID)
		require.ErrorIs(t, m.RaiseUIDNext(x.ctx, 1<<32-1), mailstore.ErrUID)
		require.NoError(t, m.RaiseUIDNext(x.ctx, 20))
		require.NoError(t, m.RaiseUIDNext(x.ctx, 3), "it is never lowered")
		st, err := m.Status(x.ctx)
		require.NoError(t, err)
		require.Equal(t, []uint32{12345, 20}, []uint32{st.UIDValidity, st.UIDNext})
		require.ElementsMatch(t, d.state(), x.state())
		d.Run("twenty\n", "save", "-m", "INBOX")
		require.Equal(t, []string{`7 "seven\n"`, `20 "twenty\n"`}, contents(t, m))
	})
}
