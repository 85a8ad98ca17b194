package mdbox

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// lockWatch tells when somebody has tried in vain to lock the map.
type lockWatch struct {
	*fault.Backend
	tried chan struct{}
}

func (w *lockWatch) TryLock(h *backend.Handle, path string, kind backend.LockKind) (backend.Lock, bool, error) {
	lock, held, err := w.Backend.TryLock(h, path, kind)
	if held && strings.Contains(path, mapIndex+".log") {
		select {
		case w.tried <- struct{}{}:
		default:
		}
	}
	return lock, held, err
}

// Dovecot's purge gives the lock of a file back that it has copied messages to, and
// only then tells the map, which it has locked meanwhile. Our purge of that file
// must not take them for what a dead writer has left.
func TestPurgeWhileTheMapIsBehind(t *testing.T) {
	engine := &lockWatch{fault.Wrap(backend.NewSync(0)), make(chan struct{}, 1)}
	x := newStore(t, Options{FS: newFS(t, engine, fsapi.SyncNever), RotateSize: 500, Logger: quiet})
	moved := strings.Repeat("moved ", 100)
	require.NoError(t, deliver(x.Store, "INBOX", moved))        // m.1
	require.NoError(t, deliver(x.Store, "INBOX", "dead", "ok")) // m.2
	require.NoError(t, expunge(x.Store, "INBOX", "dead"))
	dovecot := newStore(t, Options{Root: x.opts.Root, Logger: quiet})

	held := engine.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Suffix: "m.2"}.Hold())
	purged := make(chan error, 1)
	go func() {
		_, err := x.Purge(ctx)
		purged <- err
	}()
	<-held.Reached()
	m, err := dovecot.lockMap(ctx)
	require.NoError(t, err)
	e, err := m.find(ctx, 1)
	require.NoError(t, err)
	from, err := os.ReadFile(x.layout.message(1, false))
	require.NoError(t, err)
	to, err := os.OpenFile(x.layout.message(2, false), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	end, err := to.Seek(0, 2)
	require.NoError(t, err)
	_, err = to.Write(from[e.at.offset:e.at.end()])
	require.NoError(t, err)
	require.NoError(t, to.Close())

	select { // what it has tried before says nothing
	case <-engine.tried:
	default:
	}
	held.Release()
	<-engine.tried
	var tx mailindex.Transaction
	tx.SetExt(placeExt, 1, place{2, uint32(end), e.at.size}.bytes())
	require.NoError(t, m.append(ctx, &tx))
	require.NoError(t, m.Unlock())
	require.NoError(t, os.Remove(x.layout.message(1, false)))

	require.NoError(t, <-purged)
	var got []string
	for mail, err := range x.box("INBOX").Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(t, err)
		got = append(got, mail.GUID)
	}
	require.Len(t, got, 2)
}
