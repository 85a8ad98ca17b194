package sdbox

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// The virtual size of a mailbox is what Dovecot says, once its index knows.
func TestVirtualSizeAsDovecot(t *testing.T) {
	onEngines(t, fsapi.SyncNever, func(t *testing.T, fsys *fsapi.FS) {
		d := newDovecot(t)
		x := openStore(t, Options{FS: fsys, Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
		m := x.open("INBOX")
		known := 0
		sizes := func() int64 {
			ours, err := m.Status(x.ctx)
			require.NoError(t, err)
			theirs := int64(d.JSON("mailbox", "status", "vsize", "INBOX")[0].Number(t, "vsize"))
			if ours.VirtualSize != dboxfmt.UnknownSize {
				known++
				require.Equal(t, theirs, ours.VirtualSize)
			}
			now, err := m.Status(x.ctx)
			require.NoError(t, err)
			require.Equal(t, theirs, now.VirtualSize, "now Dovecot has written it")
			return theirs
		}
		require.Zero(t, sizes())
		save(t, m, mailstore.SaveOptions{}, "a\nb\n", strings.Repeat("c\n", 1000), "no line")
		require.Equal(t, int64(6+3000+7), sizes())
		d.Run("one\r\nmore\r\n", "save", "-m", "INBOX")
		require.Equal(t, int64(6+3000+7+11), sizes())
		require.NoError(t, m.Expunge(x.ctx, []uint32{2}))
		require.Equal(t, int64(6+7+11), sizes())
		save(t, m, mailstore.SaveOptions{}, "d\n")
		require.Equal(t, int64(6+7+11+3), sizes())
		d.Run("", "expunge", "mailbox", "INBOX", "uid", "1")
		require.Equal(t, int64(7+11+3), sizes())
		require.NotZero(t, known)
	})
}
