package mdbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"strings"
)

// One damaged reference must not use up the uids of the map.
func TestRebuildWithAnAbsurdMapUID(t *testing.T) {
	for _, uid := range []uint32{1<<32 - 1, 1<<32 - 2, 1<<32 - 3} {
		x := newStore(t, Options{Logger: quiet})
		b, err := x.Store.openBox(ctx, "INBOX")
		require.NoError(t, err)
		deliverTo := func() error {
			tx := b.Begin()
			require.NoError(t, tx.Save(ctx, strings.NewReader("text"), mailstore.SaveOptions{}))
			_, err := tx.Commit(ctx)
			return err
		}
		require.NoError(t, deliverTo())
		require.NoError(t, deliverTo())
		var tx mailindex.Transaction
		tx.SetExt(mdboxExt, 1, mailRecord{mapUID: uid}.bytes())
		require.NoError(t, b.index.Commit(ctx, &tx))
		for _, name := range []string{"dovecot.map.index.log", "dovecot.map.index"} {
			_ = os.Remove(filepath.Join(x.layout.storage, name))
		}
		_, err = x.Rebuild(ctx)
		require.NoError(t, err)
		require.NoError(t, b.Close())
		b, err = x.Store.openBox(ctx, "INBOX")
		require.NoError(t, err)
		require.NoError(t, deliverTo())
		require.NoError(t, b.Close())
	}
}
