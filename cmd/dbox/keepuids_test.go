package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// uidTexts are the messages of a mailbox, a line each.
func uidTexts(t *testing.T, store, mailbox string) (lines []string) {
	for _, m := range objects[fetchedJSON](t, "fetch", "--json", store, mailbox) {
		uid := fmt.Sprint(m.UID)
		lines = append(lines, uid+" "+strings.TrimSpace(ok(t, "fetch", store, mailbox, uid)))
	}
	return lines
}

// maildirWithUIDs writes a Maildir with a folder as Dovecot leaves them.
func maildirWithUIDs(t *testing.T, dir string) {
	writeFiles(t, dir, map[string]string{
		"cur/1000.M1.host:2,S": "late\n", "cur/3000.M3.host:2,": "early\n", "new/2000.M2.host": "new\n", "new/2500.M4.host": "newer\n",
		"dovecot-uidlist":           "3 V1234567 N17 G0123456789abcdef0123456789abcdef\n3 P00000003 G00112233445566778899aabbccddeeff W7 :3000.M3.host\n8 :gone\n12 :1000.M1.host:2,\n",
		".Sub/cur/1.M1.host:2,":     "sub\n",
		".Sub/dovecot-uidlist":      "1 99 8\n7 1.M1.host\n",
		".Empty/dovecot-uidlist":    "3 V77 N5\n",
		".Strange/cur/1.M1.host:2,": "strange\n",
		".Strange/dovecot-uidlist":  "3 V5 N9\n8 :1.M1.host\n8 :2.M2.host\n",
		".None/cur/5.M1.host:2,":    "none\n",
	})
	for _, sub := range []string{"tmp", ".Sub/new", ".Sub/tmp", ".Empty/cur", ".Empty/new", ".Strange/new", ".None/new"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, sub), 0o700))
	}
}

// What comes from a Maildir of Dovecot keeps the UIDs that clients know it by.
func TestImportKeepsUIDs(t *testing.T) {
	onStores(t, func(t *testing.T, kind, backend string) {
		dir := t.TempDir()
		maildir, store := filepath.Join(dir, "maildir"), kind+":"+filepath.Join(dir, "store")
		maildirWithUIDs(t, maildir)
		o := dbox(t, "--backend", backend, "import", maildir, store)
		require.Equal(t, exitProblems, o.code, "%+v", o)
		require.Contains(t, o.stdout, ".Strange/dovecot-uidlist: 21: UID")
		require.Contains(t, o.stdout, "get new UIDs")
		require.Contains(t, o.stderr, "UIDs kept in 3 mailboxes")
		stat := func(mailbox string) []uint32 {
			s := objects[statusJSON](t, "stat", "--json", store, mailbox)[0]
			return []uint32{s.UIDValidity, s.UIDNext}
		}
		require.Equal(t, []uint32{1234567, 19}, stat("INBOX"))
		require.Equal(t, []uint32{99, 8}, stat("Sub"))
		require.Equal(t, []uint32{77, 5}, stat("Empty"))
		require.Equal(t, uint32(2), stat("Strange")[1])
		require.Equal(t, []string{"3 early", "12 late", "17 new", "18 newer"}, uidTexts(t, store, "INBOX"))
		require.Equal(t, []string{"7 sub"}, uidTexts(t, store, "Sub"))
		m := objects[fetchedJSON](t, "fetch", "--json", store, "INBOX", "3")[0]
		require.Equal(t, "00112233445566778899aabbccddeeff", m.GUID)
		healthy(t, store)

		o = dbox(t, "import", maildir, store)
		require.Contains(t, o.stderr, `new UIDs in mailbox "Sub", which had messages before`)
		require.Equal(t, uint32(1234567), stat("INBOX")[0])
		require.Len(t, uidTexts(t, store, "INBOX"), 8)

		fresh := kind + ":" + filepath.Join(dir, "fresh")
		o = dbox(t, "import", "--new-uids", maildir, fresh)
		require.NotContains(t, o.stderr, "kept in")
		require.Equal(t, []string{"1 early", "2 late", "3 new", "4 newer"}, uidTexts(t, fresh, "INBOX"))
		require.NotEqual(t, uint32(1234567), objects[statusJSON](t, "stat", "--json", fresh, "INBOX")[0].UIDValidity)
	})
}
