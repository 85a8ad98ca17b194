package mailstore

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// Two find the same lock file that a crash has left. The second one must not break
// the lock that the first has got meanwhile: both changes are there in the end.
func TestTwoBreakOneLock(t *testing.T) {
	engine := fault.Wrap(backend.NewSync(0))
	fsys, err := fsapi.New(fsapi.Options{Engine: engine, Sync: fsapi.SyncNever})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fsys.Close()) })
	root, ctx := filepath.Join(t.TempDir(), "store"), context.Background()
	lock := filepath.Join(root, "subscriptions.lock")
	require.NoError(t, os.Mkdir(root, 0o700))
	require.NoError(t, os.WriteFile(lock, nil, 0o600))
	require.NoError(t, os.Chtimes(lock, time.Time{}, time.Now().Add(-staleLock-time.Minute)))

	held := engine.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRename), Suffix: "subscriptions"}.Hold())
	first := NewTree(TreeOptions{FS: fsys, Root: root})
	done := make(chan error, 1)
	looks := 0
	second := NewTree(TreeOptions{FS: fsys, Root: root, Now: func() time.Time {
		switch looks++; looks {
		case 1: // it has seen the old lock file; now the other one is faster
			go func() { done <- first.Subscribe(ctx, "first", true) }()
			<-held.Reached()
		case 2:
			held.Release()
		}
		return time.Now()
	}})
	err = second.Subscribe(ctx, "second", true)
	held.Release()
	require.NoError(t, err)
	require.NoError(t, <-done)
	names, err := first.Subscriptions(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"first", "second"}, names)
	require.NoFileExists(t, lock)
}
