package sdbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Without an alternate storage nothing is moved, and nothing is made where
// Dovecot puts its link to one.
func TestAltMoveWithoutAlternateStorage(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), func(o *Options) { o.Alt = "" })
	m := x.open("INBOX")
	uids := save(t, m, mailstore.SaveOptions{}, "text")
	require.ErrorIs(t, m.AltMove(x.ctx, uids, false), os.ErrNotExist)
	_, err := os.Lstat(filepath.Join(x.opts.Root, "dbox-alt-root"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, []string{`1 "text"`}, contents(t, m))
}
