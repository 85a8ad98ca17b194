//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Maildir that Dovecot has used becomes a store, and Dovecot shows its clients
// the same mailboxes as before: UIDs, UIDVALIDITY, UIDNEXT, flags and GUIDs.
func TestTakeOverFromDovecot(t *testing.T) {
	for _, kind := range kinds {
		b := newBeside(t, kind)
		store := b.location
		maildir := "maildir:" + b.at("home/Maildir")
		b.location = maildir
		for i := range 6 {
			b.theirs(fmt.Sprintf("Subject: %d\n\nbody %d\n", i, i), "save", "-m", "INBOX")
		}
		b.theirs("", "mailbox", "create", "Sub/Box")
		b.theirs("Subject: sub\n\n", "save", "-m", "Sub/Box")
		b.theirs("", "flags", "add", `\Seen Own`, "mailbox", "INBOX", "uid", "2,4")
		b.theirs("", "copy", "Sub/Box", "mailbox", "INBOX", "uid", "3:4")
		b.theirs("", "expunge", "mailbox", "INBOX", "uid", "1,6")
		b.theirs("", "expunge", "mailbox", "Sub/Box", "uid", "3")
		want := b.seen()
		require.Contains(t, strings.Join(want, "\n"), "INBOX 5 ")

		out := dbox(t, "import", "--version", "2", maildir, store)
		require.Equal(t, exitOK, out.code, "%+v", out)
		require.Contains(t, out.stderr, "UIDs kept in 2 mailboxes")
		b.own()
		b.location = store
		require.Equal(t, want, b.seen())
		b.theirs("Subject: new\n\n", "save", "-m", "INBOX")
		require.Contains(t, strings.Join(b.seen(), "\n"), "INBOX 7 ", "the UID of an expunged message is not used again")
	}
}

// seen is what clients see, without the GUIDs of mailboxes.
func (b *beside) seen() (lines []string) {
	query := func(args ...string) (all []map[string]string) {
		out := b.theirs("", append([]string{"-f", "json"}, args...)...)
		require.NoError(b.t, json.Unmarshal([]byte(out), &all), out)
		return all
	}
	for _, m := range query("mailbox", "status", "messages unseen uidnext uidvalidity", "*") {
		if m["mailbox"] != "Sub" { // a level that a Maildir has as a mailbox
			lines = append(lines, fmt.Sprint(m))
		}
	}
	for _, m := range query("fetch", "mailbox uid flags guid size.virtual date.received.unixtime text", "ALL") {
		flags := strings.Fields(strings.ReplaceAll(m["flags"], `\Recent`, ""))
		lines = append(lines, fmt.Sprintf("%s %s %v %s %s %s %q", m["mailbox"], m["uid"], sorted(flags), m["guid"], m["size.virtual"],
			m["date.received.unixtime"], strings.ReplaceAll(m["text"], "\r\n", "\n")))
	}
	sort.Strings(lines)
	return lines
}
