package sdbox

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// A handle of a mailbox that has been deleted and made again keeps its files open
// no longer than the others.
func TestCloseStoreWithAForgottenMailbox(t *testing.T) {
	fsys := newFS(t, fsapi.ThreadPool, fsapi.SyncNever)
	x := newStore(t, fsys, nil)
	m := x.create("box")
	save(t, m, mailstore.SaveOptions{}, "text")
	dir := m.(*mailbox).box.dir
	require.NoError(t, x.Delete(x.ctx, "box"))
	x.create("box")
	_, err := os.Stat(dir)
	require.NoError(t, err)
	require.NoError(t, x.Store.Close())
	require.NoError(t, m.Close())
	require.Eventually(t, func() bool { return fsys.Stats().OpenFiles == 0 }, 10*time.Second, time.Millisecond)
}
