package mdbox

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// What is left when the log of a mailbox could not be synced: a count that may be
// too high, and nothing else. Purge leaves it, Verify tells, Rebuild corrects it.
func TestUncertain(t *testing.T) {
	for _, c := range []struct {
		name     string
		do       func(x *store) error
		finds    string
		harmless bool
		after    []string
	}{
		{"delivery", func(x *store) error { return deliver(x.Store, "Other", "new") },
			"is in 0 mailboxes, the map counts 1", false, []string{`INBOX 1 "old" [k]`, `Other 1 "new"`}},
		{"copy", func(x *store) error { return transfer(x.Store, (*mailbox).Copy, "INBOX", "Other", "old") },
			"is in 1 mailboxes, the map counts 2", true, []string{`INBOX 1 "old" [k]`}},
		{"move", func(x *store) error { return transfer(x.Store, (*mailbox).Move, "INBOX", "Other", "old") },
			"is in 1 mailboxes, the map counts 2", true, []string{`INBOX 1 "old" [k]`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := newStore(t, Options{Logger: quiet})
			require.NoError(t, deliver(begun.Store, "INBOX", "old"))
			begun.create("Other")
			b := fault.Wrap(backend.NewSync(0))
			x := newStore(t, Options{FS: newFS(t, b, fsapi.SyncAlways), Root: begun.opts.Root, Logger: quiet})
			b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpDatasync), Suffix: "Other/dbox-Mails/dovecot.index.log"}.Fail(syscall.EIO))
			require.ErrorIs(t, c.do(x), mailstore.ErrUncertain)

			_, err := x.Purge(ctx)
			require.NoError(t, err)
			var found []mailstore.Problem
			require.NoError(t, x.Verify(ctx, func(p mailstore.Problem) { found = append(found, p) }))
			require.Len(t, found, 1)
			require.ErrorContains(t, found[0].Err, c.finds)
			require.Equal(t, c.harmless, found[0].Harmless)
			_, err = x.Rebuild(ctx)
			require.NoError(t, err)
			require.Equal(t, c.after, x.all())
			require.Empty(t, x.problems())
		})
	}
}
