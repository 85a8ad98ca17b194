package sdbox

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// A move to the alternate storage that died has left a file twice, and the index
// does not say so. No rebuild may bring an expunged message back from there.
func TestExpungeRemovesBothFiles(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	uids := save(t, m, mailstore.SaveOptions{}, "text")
	box := m.(*mailbox).box
	data, err := os.ReadFile(box.file(uids[0], false))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(box.alt, 0o700))
	require.NoError(t, os.WriteFile(box.file(uids[0], true), data, 0o600))
	require.NoError(t, m.Expunge(x.ctx, uids))
	_, err = os.Stat(box.file(uids[0], true))
	require.ErrorIs(t, err, os.ErrNotExist)
}
