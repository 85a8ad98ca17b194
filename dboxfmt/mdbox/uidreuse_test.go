package mdbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Where the log of a mailbox is damaged it is not known which uids came after
// that. With the same UIDVALIDITY none of them may mean another message.
func TestRebuildReusesNoUID(t *testing.T) {
	x := newStore(t, Options{Logger: quiet})
	b, err := x.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	before, err := b.Status(ctx)
	require.NoError(t, err)
	meant := map[uint32]string{}
	var third int64
	for _, text := range []string{"1", "2", "3", "4", "5"} {
		if text == "3" {
			v, err := b.view(ctx)
			require.NoError(t, err)
			head, _ := v.Log()
			third = head.Offset
		}
		tx := b.Begin()
		require.NoError(t, tx.Save(ctx, strings.NewReader(text), mailstore.SaveOptions{}))
		uids, err := tx.Commit(ctx)
		require.NoError(t, err)
		meant[uids[0]] = text
	}
	require.NoError(t, b.Expunge(ctx, []uint32{3}))
	require.NoError(t, b.Close())
	log := filepath.Join(x.tree.Dir("INBOX"), "dovecot.index.log")
	data, err := os.ReadFile(log)
	require.NoError(t, err)
	copy(data[third+4:], "\xff\xff\xff\x0f") // no kind of record
	require.NoError(t, os.WriteFile(log, data, 0o600))
	_, err = x.Rebuild(ctx)
	require.NoError(t, err)
	b, err = x.Store.openBox(ctx, "INBOX")
	require.NoError(t, err)
	defer b.Close()
	after, err := b.Status(ctx)
	require.NoError(t, err)
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		require.NoError(t, err)
		text, err := m.Header(ctx, 10)
		require.NoError(t, err)
		if was, ok := meant[m.UID]; ok && before.UIDValidity == after.UIDValidity {
			require.Equal(t, was, string(text), "uid %d", m.UID)
		}
	}
}
