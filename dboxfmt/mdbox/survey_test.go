package mdbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// A mailbox that is renamed while all are looked at is counted, once.
func TestReferencesWhileAMailboxIsRenamed(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	x := newStore(t, Options{FS: newFS(t, b, fsapi.SyncNever)})
	require.NoError(t, x.Create(ctx, "Before"))
	require.NoError(t, deliver(x.Store, "Before", "one", "two"))
	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Suffix: "Before/dbox-Mails/dovecot.index"}.Hold())
	counted := make(chan *references, 1)
	go func() {
		m, err := x.mapNow(ctx)
		if err == nil {
			r, failed := x.countReferences(ctx, m)
			if err = failed; err == nil {
				counted <- r
			}
		}
		if err != nil {
			t.Error(err)
		}
		close(counted)
	}()
	<-held.Reached()
	boxes := filepath.Join(x.opts.Root, "mailboxes")
	require.NoError(t, os.Rename(filepath.Join(boxes, "Before"), filepath.Join(boxes, "After")))
	held.Release()
	r := <-counted
	require.NotNil(t, r)
	require.Equal(t, map[uint32]int{1: 1, 2: 1}, r.refs)
}

// A mailbox with a damaged index and a map whose writer has died: the others get
// their mail, nothing is purged, and the rebuild puts all in order.
func TestDamagedMailboxAfterADeadWriter(t *testing.T) {
	x := sample(t, 3)
	require.NoError(t, x.Create(ctx, "Third"))
	require.NoError(t, transfer(x.Store, (*mailbox).Copy, "INBOX", "Third", "b"))
	x.changeMap(func(tx *mailindex.Transaction, entries []mapped) {
		tx.Unsynced = true // as Dovecot's, before the rest was done
		for _, e := range entries {
			setRefs(tx, e, 0)
		}
	})
	x.edit(func(b []byte) []byte { copy(b[40:], "\x80\x80\x80\x86\xee\xee\xee\xee"); return b }, "mailboxes", "Third", "dbox-Mails", "dovecot.index.log")

	require.NoError(t, deliver(x.Store, "INBOX", "next"))
	require.NoError(t, expunge(x.Store, "INBOX", "next"))
	require.NoError(t, deliver(x.Store, "Other", "and one more"))
	other, err := Open(ctx, x.opts)
	require.NoError(t, err)
	require.NoError(t, deliver(other, "INBOX", "from another process"))
	require.NoError(t, other.Close())
	_, err = x.Purge(ctx)
	require.ErrorIs(t, err, mailstore.ErrCorrupt)
	require.ErrorContains(t, err, `"Third"`)
	head, tail := mapOf(t, x).Log()
	require.NotEqual(t, head, tail, "the map has to tell Dovecot as well")

	_, err = x.Rebuild(ctx)
	require.NoError(t, err)
	head, tail = mapOf(t, x).Log()
	require.Equal(t, head, tail)
	all := x.all()
	require.Subset(t, all, whole)
}

func mapOf(t *testing.T, x *store) mapView {
	m, err := x.mapNow(ctx)
	require.NoError(t, err)
	return m
}
