package mdbox

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// Who waits costs one look at the length of a log now and then, and who does not
// wait costs nothing.
func TestWaitCosts(t *testing.T) {
	engine := fault.Wrap(backend.NewSync(0))
	x := newStore(t, Options{FS: newFS(t, engine, fsapi.SyncNever)})
	require.NoError(t, deliver(x.Store, "INBOX", "one"))
	b := x.box("INBOX")
	_, err := b.Status(ctx)
	require.NoError(t, err)
	log := engine.Record()
	require.Empty(t, log.Events())
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, b.Wait(short), context.DeadlineExceeded)
	require.NotEmpty(t, log.Events())
	for _, e := range log.Events() {
		require.Equal(t, backend.OpStat, e.Kind, "%v", e)
		require.True(t, strings.HasSuffix(e.Path, "INBOX/dbox-Mails/dovecot.index.log"), "%v", e)
	}
}
