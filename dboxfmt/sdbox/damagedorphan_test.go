package sdbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// An index that was put back to an older state does not have messages that have
// been acknowledged. One of them that is damaged too is not to be thrown away as
// an expunged one by a rebuild.
func TestRebuildKeepsADamagedOrphan(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	box := m.(*mailbox).box
	save(t, m, mailstore.SaveOptions{}, "one")
	log := filepath.Join(box.dir, "dovecot.index.log")
	older, err := os.ReadFile(log)
	require.NoError(t, err)
	save(t, m, mailstore.SaveOptions{}, "two")
	require.NoError(t, m.Close())
	require.NoError(t, os.WriteFile(log, older, 0o600))
	path := box.file(2, false)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)-3], 0o600))
	m = x.open("INBOX")
	require.Equal(t, []uint32{3}, save(t, m, mailstore.SaveOptions{}, "three"))
	_, err = x.Rebuild(x.ctx)
	require.NoError(t, err)
	left, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.NotEmpty(t, left, "of the message that was damaged")
}
