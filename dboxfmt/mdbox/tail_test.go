package mdbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// tails are what a writer that died can have left behind the last message of a
// file, made from a message that is complete.
var tails = map[string]func(message string) string{
	"whole message":       func(m string) string { return m },
	"half a message":      func(m string) string { return m[:len(m)/2] },
	"part of a header":    func(m string) string { return m[:10] },
	"all but the end":     func(m string) string { return m[:len(m)-1] },
	"whole and half":      func(m string) string { return m + m[:len(m)/2] },
	"header not written":  func(m string) string { return strings.Repeat("\x00", 30) },
	"placeholder":         func(m string) string { return strings.Repeat("\x00", 30) + m[30:] },
	"part of that":        func(m string) string { return strings.Repeat("\x00", 30) + m[30:len(m)/2] },
	"nothing but zeros":   func(m string) string { return strings.Repeat("\x00", 5000) },
	"zeros at the end":    func(m string) string { return m[:len(m)/2] + strings.Repeat("\x00", len(m)-len(m)/2) },
	"zeros in the middle": func(m string) string { return m[:50] + strings.Repeat("\x00", 20) + m[70:] },
}

// What a dead writer has left behind the last message of a file is in nobody's
// way: not of the next delivery, not of Verify, and the next purge takes it away.
func TestTails(t *testing.T) {
	for version := 2; version <= 3; version++ {
		orphan := orphaned(t, version)
		for name, tail := range tails {
			t.Run(name, func(t *testing.T) {
				x := newStore(t, Options{Version: version, Logger: quiet})
				require.NoError(t, deliver(x.Store, "INBOX", "a", "b"))
				x.edit(func(b []byte) []byte { return append(b, tail(orphan)...) }, "storage", "m.1")
				require.NoError(t, x.Verify(ctx, func(p mailstore.Problem) { require.True(t, p.Harmless, "%v", p) }))
				again, err := Open(ctx, x.opts) // another process
				require.NoError(t, err)
				require.NoError(t, deliver(again, "INBOX", "c"))
				require.NoError(t, again.Close())
				require.NoError(t, x.Verify(ctx, func(p mailstore.Problem) { require.True(t, p.Harmless, "%v", p) }))
				_, err = x.Purge(ctx)
				require.NoError(t, err)
				require.Empty(t, x.problems(), "the purge has removed it")
				require.NoError(t, expunge(x.Store, "INBOX", "b"))
				_, err = x.Purge(ctx)
				require.NoError(t, err)
				require.Equal(t, []string{`INBOX 1 "a" [k]`, `INBOX 3 "c" [k]`}, x.all())
				require.Empty(t, x.problems())
			})
		}
	}
}

// orphaned returns the bytes of a message.
func orphaned(t *testing.T, version int) string {
	x := newStore(t, Options{Version: version})
	require.NoError(t, deliver(x.Store, "INBOX", strings.Repeat("orphan\n", 40)))
	file, err := os.ReadFile(filepath.Join(x.opts.Root, "storage", "m.1"))
	require.NoError(t, err)
	_, message, _ := strings.Cut(string(file), "\n")
	return message
}

// After our next delivery and our next purge there is nothing left that Dovecot
// would complain of; behind a message that is whole it can purge even before ours.
func TestTailsWithDovecot(t *testing.T) {
	orphan := orphaned(t, 2)
	for name, tail := range tails {
		t.Run(name, func(t *testing.T) {
			d := newDovecot(t)
			x := newStore(t, Options{Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
			require.NoError(t, deliver(x.Store, "INBOX", "a\n", "b\n"))
			x.edit(func(b []byte) []byte { return append(b, tail(orphan)...) }, "storage", "m.1")
			require.NoError(t, deliver(x.Store, "INBOX", "c\n"))
			if name != "whole message" {
				_, err := x.Purge(ctx)
				require.NoError(t, err)
			}
			d.Run("d\n", "save", "-m", "INBOX")
			d.Run("", "expunge", "mailbox", "INBOX", "uid", "2")
			d.Run("", "purge")
			d.Run("e\n", "save", "-m", "INBOX")
			require.Equal(t, d.state(), x.state())
			require.Len(t, contents(t, x.box("INBOX")), 4)
		})
	}
}

// Dovecot appends behind a message that a dead writer has left, and tells the map
// nothing of that: its next purge would complain, ours does not.
func TestOrphanThatDovecotAppendedTo(t *testing.T) {
	d := newDovecot(t)
	x := newStore(t, Options{Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
	require.NoError(t, deliver(x.Store, "INBOX", "a\n", "b\n"))
	x.edit(func(b []byte) []byte { return append(b, orphaned(t, 2)...) }, "storage", "m.1")
	d.Run("c\n", "save", "-m", "INBOX")
	require.Len(t, x.files(), 1)
	report, err := x.Purge(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, report.Files)
	require.Empty(t, x.problems())
	d.Run("", "expunge", "mailbox", "INBOX", "uid", "2")
	d.Run("", "purge")
	require.Equal(t, d.state(), x.state())
	require.Len(t, contents(t, x.box("INBOX")), 2)
	report, err = x.Purge(ctx)
	require.NoError(t, err)
	require.Zero(t, report, "there is nothing left to be done")
}
