package mdbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// A directory that is made is durable in the one above it before anything in it
// is all that is left of a message.
func TestNewDirectoriesAreSynced(t *testing.T) {
	dir := t.TempDir()
	root, alt := filepath.Join(dir, "root"), filepath.Join(dir, "alt")
	require.NoError(t, os.Mkdir(alt, 0o700))
	engine := fault.Wrap(backend.NewSync(0))
	log := engine.Record()
	x := newStore(t, Options{FS: newFS(t, engine, fsapi.SyncAlways), Root: root, Alt: alt})
	b, err := x.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	defer b.Close()
	tx := b.Begin()
	require.NoError(t, tx.Save(ctx, strings.NewReader("text"), mailstore.SaveOptions{}))
	uids, err := tx.Commit(ctx)
	require.NoError(t, err)
	synced := func(path string) bool {
		for _, e := range log.Events() {
			if e.Kind == backend.OpSync && e.Path == path && e.Err == nil {
				return true
			}
		}
		return false
	}
	require.True(t, synced(dir), "root is new")
	require.NoError(t, b.AltMove(ctx, uids, false))
	require.True(t, synced(alt), "storage is new in it")
}
