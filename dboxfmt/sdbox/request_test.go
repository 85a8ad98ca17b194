package sdbox

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// A Dovecot that has died leaves in the log what storage had still to do. Whoever
// changes the mailbox next does it, and says so; Dovecot finds nothing to do then.
func TestRequestsOfTheDead(t *testing.T) {
	engines := []fsapi.BackendKind{fsapi.URing, fsapi.ThreadPool}
	n := 0
	for name, change := range map[string]func(x *fixture, m mailstore.Mailbox) error{
		"save": func(x *fixture, m mailstore.Mailbox) error {
			save(x.t, m, mailstore.SaveOptions{}, "new\n")
			return nil
		},
		"flags": func(x *fixture, m mailstore.Mailbox) error {
			return m.SetFlags(x.ctx, []uint32{5}, mailstore.FlagChange{Add: mailstore.Seen})
		},
		"expunge": func(x *fixture, m mailstore.Mailbox) error { return m.Expunge(x.ctx, []uint32{5}) },
		"nothing": func(x *fixture, m mailstore.Mailbox) error { return m.Expunge(x.ctx, nil) },
		"altmove": func(x *fixture, m mailstore.Mailbox) error { return m.AltMove(x.ctx, []uint32{5}, false) },
	} {
		n++
		t.Run(fmt.Sprint(name, " ", engines[n%2]), func(t *testing.T) {
			fsys := newFS(t, engines[n%2], fsapi.SyncNever)
			d := newDovecot(t)
			x := openStore(t, Options{FS: fsys, Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
			m := x.open("INBOX")
			save(t, m, mailstore.SaveOptions{}, "one\n", "two\n", "three\n", "four\n", "five\n", "six\n")
			require.NoError(t, m.AltMove(x.ctx, []uint32{4}, false))
			d.state() // and fills Dovecot's cache
			x.leaveRequests("INBOX", []uint32{2}, []uint32{3}, []uint32{4})

			require.NoError(t, change(x, m))
			entries, err := m.Entries(x.ctx)
			require.NoError(t, err)
			head, tail := entries.View.Log()
			require.Equal(t, head, tail, "nothing is left to do")
			file := m.(*mailbox).box.file
			require.NoFileExists(t, file(2, false), "expunged")
			require.NoFileExists(t, file(3, false), "moved to the alternate storage")
			require.FileExists(t, file(3, true))
			require.NoFileExists(t, file(4, true), "moved back")
			require.FileExists(t, file(4, false))
			x.verifyAll()
			d.Own()
			require.ElementsMatch(t, d.state(), x.state())
			x.verifyAll()
		})
	}
}

// leaveRequests writes what Dovecot writes before it changes storage, and dies.
func (x *fixture) leaveRequests(box string, expunge, toAlt, back []uint32) {
	index, err := mailindex.Open(x.ctx, x.fsys, x.tree.Dir(box), "dovecot.index", mailindex.Options{Logger: quiet})
	require.NoError(x.t, err)
	defer index.Close()
	tx := &mailindex.Transaction{Unsynced: true}
	for _, uid := range expunge {
		tx.RequestExpunge(mailindex.Expunge{UID: uid})
	}
	markAlt(tx, toAlt, false)
	markAlt(tx, back, true)
	require.NoError(x.t, index.Commit(x.ctx, tx))
}

// verifyAll finds nothing at all.
func (x *fixture) verifyAll() {
	x.t.Helper()
	require.NoError(x.t, x.Verify(x.ctx, func(p mailstore.Problem) { x.t.Errorf("verify: %v", p) }))
}

// A request that cannot be done now stays one, and is in nobody's way.
func TestRequestThatCannotBeDone(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), func(o *Options) { o.Alt = "" })
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1", "2", "3")
	x.leaveRequests("INBOX", []uint32{1}, []uint32{2}, []uint32{3})
	require.NoError(t, m.SetFlags(x.ctx, []uint32{3}, mailstore.FlagChange{Add: mailstore.Seen}))
	entries, err := m.Entries(x.ctx)
	require.NoError(t, err)
	head, tail := entries.View.Log()
	require.NotEqual(t, head, tail)
	require.Equal(t, []string{`2 "2" alt`, `3 "3" \Seen`}, contents(t, m))
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(x.opts.Root, "dbox-alt-root")))
	require.NoError(t, m.SetFlags(x.ctx, []uint32{3}, mailstore.FlagChange{Remove: mailstore.Seen}))
	x.verifyAll()
	require.FileExists(t, m.(*mailbox).box.file(2, true))
}
