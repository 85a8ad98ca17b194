package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// throughStores moves .eml files through both kinds of store and returns the
// Maildir at the end.
func throughStores(t *testing.T, mails []string, flags ...string) string {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for i, mail := range mails {
		writeFiles(t, at("eml"), map[string]string{fmt.Sprintf("%06d.eml", i+1): mail})
		date := time.Unix(1400000000+int64(i)*86400, 0) // for mail without a Date
		require.NoError(t, os.Chtimes(filepath.Join(at("eml"), fmt.Sprintf("%06d.eml", i+1)), date, date))
	}
	run := func(args ...string) { t.Helper(); ok(t, append(append([]string{}, flags...), args...)...) }
	run("import", "eml:"+at("eml"), "mdbox:"+at("mdbox"))
	run("flags", at("mdbox"), "INBOX", "2:5", "--add", "seen,flagged")
	run("import", at("mdbox"), "sdbox:"+at("sdbox"), "--version", "2")
	run("export", at("sdbox"), "maildir:"+at("maildir"))
	healthy(t, at("mdbox"))
	healthy(t, at("sdbox"))
	return at("maildir")
}

// requireSameMail compares texts with the line ends that a store keeps, in
// whatever order.
func requireSameMail(t *testing.T, mails []string, maildir string) {
	want := []string{}
	for _, mail := range mails {
		want = append(want, strings.ReplaceAll(mail, "\r\n", "\n"))
	}
	got, _ := maildirContent(t, maildir)
	sort.Strings(want)
	sort.Strings(got)
	sameTexts(t, want, got)
}

func TestStoreRoundTrip(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		maildir := throughStores(t, nasty, "--backend", backend)
		requireSameMail(t, nasty, maildir)
		flagged := 0
		_, rest := maildirContent(t, maildir)
		for _, r := range rest {
			if strings.HasSuffix(r, " 2,FS") {
				flagged++
			}
		}
		require.Equal(t, 4, flagged)
	})
}

func TestCorpusThroughStores(t *testing.T) {
	mails := corpus(t, 300)
	requireSameMail(t, mails, throughStores(t, mails))
}

// threeMailboxes makes a store with mail in some of its mailboxes.
func threeMailboxes(t *testing.T, store string) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"a": "Subject: a\n\n", "b": "Subject: b\n\nFrom b\n"})
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	ok(t, "save", "--create", store, "INBOX", a, b, "--flags", "seen,Own,$Second", "--received", "1400000000")
	ok(t, "save", "--create", store, "Büro/2026", b, a, a, "--flags", "flagged", "--received", "1500000000")
	ok(t, "mailbox", "create", store, "Empty")
	ok(t, "mailbox", "subscribe", store, "Büro/2026")
	ok(t, "expunge", store, "Büro/2026", "2")
}

// renumbered are the lines of a state without the UIDs, which a copy of a store
// does not keep.
func renumbered(lines []string) []string { return without(lines, " uid=") }

// A store comes over whole: mailboxes, empty ones too, flags, keywords, dates,
// GUIDs, subscriptions.
func TestImportStore(t *testing.T) {
	for _, from := range kinds {
		for _, to := range kinds {
			dir := t.TempDir()
			src, dst := from+":"+filepath.Join(dir, "src"), to+":"+filepath.Join(dir, "dst")
			threeMailboxes(t, src)
			require.Contains(t, dbox(t, "import", src, dst).stderr, "4 messages imported to "+dst)
			want := state(t, src)
			require.Equal(t, want, state(t, dst))
			sameUIDs(t, src, dst, "INBOX", "Büro/2026", "Empty")
			healthy(t, dst)

			one := to + ":" + filepath.Join(dir, "one")
			ok(t, "import", "--mailbox", "Büro/2026", src, one)
			require.Equal(t, "Büro (level)\nBüro/2026 (subscribed)\n", ok(t, "list", one))
			ok(t, "import", "--into", "All", src, one)
			require.Contains(t, ok(t, "stat", one, "All"), "4         2       4       5 ")
		}
	}
}

// sameUIDs: clients cannot tell the mailboxes of two stores apart.
func sameUIDs(t *testing.T, a, b string, mailboxes ...string) {
	t.Helper()
	for _, name := range mailboxes {
		x, y := objects[statusJSON](t, "stat", "--json", a, name)[0], objects[statusJSON](t, "stat", "--json", b, name)[0]
		require.Equal(t, []uint32{x.UIDValidity, x.UIDNext}, []uint32{y.UIDValidity, y.UIDNext}, name)
	}
}

// Mailboxes become the folders of a Maildir, and come back from them.
func TestMaildirFolders(t *testing.T) {
	onStores(t, func(t *testing.T, kind, backend string) {
		dir := t.TempDir()
		src, maildir, dst := kind+":"+filepath.Join(dir, "src"), filepath.Join(dir, "maildir"), kind+":"+filepath.Join(dir, "dst")
		threeMailboxes(t, src)
		ok(t, "--backend", backend, "export", src, "maildir:"+maildir)
		require.FileExists(t, filepath.Join(maildir, ".B&APw-ro.2026", "maildirfolder"))
		require.DirExists(t, filepath.Join(maildir, ".Empty", "new"))
		require.Len(t, names(t, filepath.Join(maildir, "cur")), 2)
		ok(t, "--backend", backend, "import", maildir, dst)
		ok(t, "mailbox", "subscribe", dst, "Büro/2026")
		require.Equal(t, sorted(renumbered(state(t, src))), sorted(renumbered(state(t, dst))))

		one := filepath.Join(dir, "one")
		ok(t, "export", src, "--mailbox", "Büro/2026", "maildir:"+one)
		require.Len(t, names(t, filepath.Join(one, "cur")), 2)
		require.Equal(t, []string{"cur", "new", "tmp"}, names(t, one))
		require.Equal(t, exitUsage, dbox(t, "export", src, "mbox:"+filepath.Join(dir, "x.mbox")).code)
		ok(t, "export", src, "--mailbox", "INBOX", "mbox:"+filepath.Join(dir, "x.mbox"))
		ok(t, "import", filepath.Join(dir, "x.mbox"), dst, "--mailbox", "From/mbox")
		texts := ok(t, "fetch", dst, "From/mbox")
		require.Equal(t, "Subject: a\n\nSubject: b\n\nFrom b\n", texts)

		ok(t, "mailbox", "create", src, "a.b")
		o := dbox(t, "export", src, "maildir:"+filepath.Join(dir, "dots"))
		require.Equal(t, exitFailed, o.code)
		require.Contains(t, o.stderr, `"a.b"`)
	})
}

func sorted(lines []string) []string {
	sort.Strings(lines)
	return lines
}

// A damaged message is told about, and the others come over.
func TestExportDamagedStore(t *testing.T) {
	for kind, file := range map[string]string{"sdbox": "mailboxes/INBOX/dbox-Mails/u.2", "mdbox": "storage/m.1"} {
		root := filepath.Join(t.TempDir(), "store")
		mail := filepath.Join(t.TempDir(), "mail")
		for _, text := range []string{"one", "two", "three"} {
			require.NoError(t, os.WriteFile(mail, []byte("Subject: "+text+"\n\n"), 0o600))
			ok(t, "save", "--create", kind+":"+root, "INBOX", mail)
		}
		path := filepath.Join(root, file)
		damaged := strings.Replace(readFile(t, path), "Subject: two", "Subject: twO", 1)
		require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))
		maildir := filepath.Join(t.TempDir(), "maildir")
		o := dbox(t, "export", root, "maildir:"+maildir)
		require.Equal(t, exitProblems, o.code, "%+v", o)
		require.Contains(t, o.stdout, `mailbox "INBOX": uid 2: `)
		require.Contains(t, o.stderr, "2 messages exported")
		require.Len(t, names(t, filepath.Join(maildir, "cur")), 2)
		o = dbox(t, "fetch", root, "INBOX")
		require.Equal(t, exitProblems, o.code)
		require.Contains(t, o.stderr, "uid 2")
		require.Contains(t, o.stdout, "Subject: three")
		require.Equal(t, exitProblems, dbox(t, "verify", root).code)
	}
}
