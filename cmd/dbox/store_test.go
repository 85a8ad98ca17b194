package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// kinds are the kinds of store that every command must work on.
var kinds = []string{"sdbox", "mdbox"}

// onStores runs a test for both kinds of store on each engine.
func onStores(t *testing.T, test func(t *testing.T, kind, backend string)) {
	onBackends(t, func(t *testing.T, backend string) {
		for _, kind := range kinds {
			t.Run(kind, func(t *testing.T) { test(t, kind, backend) })
		}
	})
}

// objects are the lines of JSON that a command prints.
func objects[T any](t *testing.T, args ...string) (all []T) {
	t.Helper()
	for line := range strings.Lines(ok(t, args...)) {
		var v T
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		all = append(all, v)
	}
	return all
}

// state is everything that matters in a store, a line for each mailbox and
// message; texts without their CR.
func state(t *testing.T, store string) (lines []string) {
	t.Helper()
	for _, m := range objects[mailboxJSON](t, "list", "--json", store) {
		lines = append(lines, fmt.Sprintf("%s subscribed=%t selectable=%t", m.Name, m.Subscribed, m.Selectable))
		if !m.Selectable {
			continue
		}
		for _, f := range objects[fetchedJSON](t, "fetch", "--json", store, m.Name) {
			text := ok(t, "fetch", store, m.Name, fmt.Sprint(f.UID))
			lines = append(lines, fmt.Sprintf("%s uid=%d %v %v received=%d guid=%s size=%d %.60q", m.Name, f.UID, f.Flags, f.Keywords, *f.Received, f.GUID, f.Size, text))
		}
	}
	return lines
}

// withoutGUIDs are those lines as far as they can be known before.
func withoutGUIDs(lines []string) []string { return without(lines, " guid=") }

// without leaves a field out.
func without(lines []string, field string) (all []string) {
	for _, line := range lines {
		before, after, found := strings.Cut(line, field)
		if found {
			_, rest, _ := strings.Cut(after, " ")
			before += " " + rest
		}
		all = append(all, before)
	}
	return all
}

// healthy checks that verify finds nothing, not even anything harmless.
func healthy(t *testing.T, store string) {
	t.Helper()
	o := dbox(t, "verify", store)
	require.Equal(t, exitOK, o.code, "%+v", o)
	require.Empty(t, o.stdout)
	require.Contains(t, o.stderr, "indexes of 1 store compared")
	require.NotContains(t, o.stderr, "a temporary file")
}

func TestStoreCommands(t *testing.T) {
	onStores(t, func(t *testing.T, kind, backend string) {
		dir := t.TempDir()
		root, alt := filepath.Join(dir, "store"), filepath.Join(dir, "alt")
		store := kind + ":" + root + ":ALT=" + alt
		run := func(args ...string) string { return ok(t, append([]string{"--backend", backend}, args...)...) }
		writeFiles(t, dir, map[string]string{"a.eml": "Subject: a\r\n\r\nbody a\r\n", "b.eml": "Subject: b\n\nbody b"})
		a, b := filepath.Join(dir, "a.eml"), filepath.Join(dir, "b.eml")

		run("mailbox", "create", store, "Arch/2026", "Büro")
		run("mailbox", "subscribe", store, "Büro", "gone")
		run("mailbox", "unsubscribe", store, "gone")
		require.Equal(t, "1\n2\n", run("save", store, "INBOX", a, b, "--flags", `seen,\Flagged,$Work`, "--received", "1500000000"))
		require.Equal(t, "3\n", run("save", store, "inbox", b, "--received", "2020-01-02T03:04:05+01:00"))
		require.Equal(t, "1\n", run("save", store, "New/box", a, "--create", "--received", "7"))
		require.Equal(t, "Arch (level)\nArch/2026\nBüro (subscribed)\nINBOX\nNew (level)\nNew/box\n", run("list", store))
		require.Equal(t, "Subject: a\n\nbody a\nSubject: b\n\nbody b", run("fetch", store, "INBOX", "1:2"))
		require.Equal(t, "Subject: b\n\n", run("fetch", store, "INBOX", "*", "--headers"))
		require.Contains(t, run("fetch", store, "INBOX", "1", "--metadata"), "flags = \\Flagged \\Seen $Work \\Recent\nstorage = primary\n")

		run("flags", store, "INBOX", "1,3", "--add", "answered,Later", "--remove", "seen,$work")
		run("flags", store, "INBOX", "2:", "--replace", "draft")
		require.Equal(t, "1 1\n2 2\n", run("copy", store, "INBOX", "1:2", "Arch/2026"))
		require.Equal(t, "3 1\n", run("move", store, "INBOX", "3", "Moved", "--create"))
		run("expunge", store, "INBOX", "2")
		require.NoError(t, os.MkdirAll(alt, 0o700))
		run("altmove", store, "Moved", "1:")
		require.True(t, objects[fetchedJSON](t, "fetch", "--json", store, "Moved")[0].Alt)
		require.NoError(t, os.Symlink(alt, filepath.Join(root, "dbox-alt-root")))
		run("altmove", root, "Moved", "1", "--back")
		require.False(t, objects[fetchedJSON](t, "fetch", "--json", root, "Moved")[0].Alt)
		run("mailbox", "rename", store, "Arch/2026", "Archive")
		run("mailbox", "delete", store, "New/box")

		want := []string{
			"Archive subscribed=false selectable=true",
			`Archive uid=1 [\Answered \Flagged] [Later] received=1500000000 size=19 "Subject: a\n\nbody a\n"`,
			`Archive uid=2 [\Draft] [] received=1500000000 size=18 "Subject: b\n\nbody b"`,
			"Büro subscribed=true selectable=true",
			"INBOX subscribed=false selectable=true",
			`INBOX uid=1 [\Answered \Flagged] [Later] received=1500000000 size=19 "Subject: a\n\nbody a\n"`,
			"Moved subscribed=false selectable=true",
			`Moved uid=1 [\Draft] [] received=1577930645 size=18 "Subject: b\n\nbody b"`,
		}
		require.Equal(t, want, withoutArch(withoutGUIDs(state(t, store))))
		run("purge", store)
		healthy(t, store)
		o := dbox(t, "rebuild", "--json", store)
		require.Equal(t, exitOK, o.code, o.stderr)
		require.Contains(t, o.stdout, `"messages":4,"added":0,"dropped":0`)
		require.Equal(t, want, withoutArch(withoutGUIDs(state(t, root))))
		healthy(t, root)

		status := objects[statusJSON](t, "stat", "--json", store, "INBOX")[0]
		require.Equal(t, []any{1, 1, uint32(4)}, []any{status.Messages, status.Unseen, status.UIDNext})
		require.Len(t, status.GUID, 32)
	})
}

// withoutArch leaves out the levels that stores may keep when they are empty.
func withoutArch(lines []string) (all []string) {
	for _, line := range lines {
		if !strings.HasSuffix(line, "selectable=false") {
			all = append(all, line)
		}
	}
	return all
}

// What cannot be done is not done, and said with the right exit code.
func TestStoreRefusals(t *testing.T) {
	for _, kind := range kinds {
		dir := t.TempDir()
		store := kind + ":" + filepath.Join(dir, "store")
		writeFiles(t, dir, map[string]string{"a": "Subject: a\n\n", "dir/x": ""})
		mail := filepath.Join(dir, "a")
		require.Equal(t, "1\n2\n3\n", ok(t, "save", "--create", store, "INBOX", mail, mail, mail, "--flags", "seen"))
		before := state(t, store)
		for code, lines := range map[int][]string{
			exitUsage: {
				"list", "list a:INDEX=b", "stat", "fetch STORE", "fetch STORE INBOX x", "fetch STORE INBOX 0", "fetch STORE INBOX 1:2:3",
				"fetch STORE INBOX 4294967296", "fetch STORE INBOX 1 --metadata --json", "flags STORE INBOX 1",
				"flags STORE INBOX 1 --add seen --replace draft", `flags STORE INBOX 1 --add a{b`, `save STORE INBOX MAIL --flags \Unknown`,
				"save STORE INBOX MAIL --received yesterday", "save STORE INBOX MAIL --received -5", "save --version 1 STORE INBOX MAIL",
				"save --create STORE ../x MAIL", "mailbox create STORE a//b", "mailbox", "mailbox create STORE", "expunge STORE INBOX",
				"copy STORE INBOX 1", "import --into x MAIL sdbox-files:DIR/out", "import STORE sdbox-files:DIR/out", "import STORE STORE",
				"export maildir:DIR mbox:DIR/out", "export --mailbox x sdbox-files:DIR mbox:DIR/out",
				"list --backend x STORE",
			},
			exitFailed: {
				"list DIR/none", "list " + kind + ":DIR/none", "list DIR/dir", "save " + kind + ":DIR/none INBOX MAIL", "stat STORE none",
				"fetch STORE INBOX 4", "fetch STORE INBOX 1:2,4", "flags STORE INBOX 3,4 --add draft", "expunge STORE INBOX 1,9",
				"copy STORE INBOX 1 none", "move STORE INBOX 1 none", "save STORE INBOX MAIL DIR/none", "save STORE none MAIL",
				"mailbox delete STORE none", "mailbox rename STORE none x", "mailbox create STORE INBOX",
				"import " + kind + ":DIR/none STORE", "import --mailbox none STORE " + kind + ":DIR/other", "verify " + kind + ":DIR/none",
			},
		} {
			for _, line := range lines {
				args := strings.Fields(strings.NewReplacer("STORE", store, "MAIL", mail, "DIR", dir).Replace(line))
				o := dbox(t, args...)
				require.Equal(t, code, o.code, "%s: %+v", line, o)
				require.NotEmpty(t, o.stderr, line)
			}
		}
		require.Equal(t, before, state(t, store))
		require.NoDirExists(t, filepath.Join(dir, "none"))
		require.NoDirExists(t, filepath.Join(dir, "out"))
		healthy(t, store)
		// Ranges take what is there.
		require.Empty(t, ok(t, "fetch", store, "INBOX", "9:"))
		ok(t, "expunge", store, "INBOX", "9:20")
		require.Equal(t, before, state(t, store))
	}
}

func TestUIDSet(t *testing.T) {
	store := "mdbox:" + filepath.Join(t.TempDir(), "store")
	mail := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(mail, []byte("Subject: a\n\n"), 0o600))
	ok(t, "save", "--create", store, "INBOX", mail, mail, mail, mail, mail, mail)
	ok(t, "expunge", store, "INBOX", "3")
	for set, want := range map[string]string{
		"1": "1", "*": "6", "2:4": "2 4", "4:2": "2 4", "5:": "5 6", "5:*": "5 6", "*:5": "5 6", "1:": "1 2 4 5 6", "6,1,1,5:6": "1 5 6",
		"7:": "", "7:*": "", "3:3": "",
	} {
		var uids []string
		for _, m := range objects[fetchedJSON](t, "fetch", "--json", store, "INBOX", set) {
			uids = append(uids, fmt.Sprint(m.UID))
		}
		require.Equal(t, want, strings.Join(uids, " "), set)
	}
}

func TestParseFlags(t *testing.T) {
	flags, keywords, err := parseFlags([]string{"seen", `\ANSWERED`, "Work", "$x"})
	require.NoError(t, err)
	require.Equal(t, mailstore.Seen|mailstore.Answered, flags)
	require.Equal(t, []string{"Work", "$x"}, keywords)
	for _, word := range []string{"", `\Recent`, "a b", "a)"} {
		_, _, err := parseFlags([]string{word})
		require.ErrorIs(t, err, mailstore.ErrKeyword, word)
	}
}

// verify finds what only the comparison of indexes and files shows.
func TestVerifyStore(t *testing.T) {
	mail := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(mail, []byte("Subject: a\n\n"), 0o600))
	for kind, file := range map[string]string{"sdbox": "mailboxes/INBOX/dbox-Mails/u.2", "mdbox": "storage/m.1"} {
		root := filepath.Join(t.TempDir(), "store")
		ok(t, "save", "--create", kind+":"+root, "INBOX", mail, mail)
		healthy(t, root)
		require.NoError(t, os.Rename(filepath.Join(root, file), filepath.Join(t.TempDir(), "away")))
		o := dbox(t, "verify", root)
		require.Equal(t, exitProblems, o.code, "%+v", o)
		require.Contains(t, o.stdout, filepath.Base(file))
		o = dbox(t, "verify", "--json", root)
		require.Contains(t, o.stdout, fmt.Sprintf(`{"type":"problem","store":%q`, kind+":"+root))
		require.Contains(t, o.stdout, `"stores":1`)
		ok(t, "rebuild", root)
		healthy(t, root)
	}
}

// What is saved from standard input is what came; an interrupt saves nothing.
func TestSaveStdin(t *testing.T) {
	for _, kind := range kinds {
		store := kind + ":" + filepath.Join(t.TempDir(), "store")
		var stdout, stderr strings.Builder
		a := &app{stdin: strings.NewReader("Subject: x\r\n\r\nhi\r\n"), stdout: &stdout, stderr: &stderr}
		require.Equal(t, exitOK, a.execute(t.Context(), []string{"save", "--create", store, "INBOX"}), stderr.String())
		require.Equal(t, "1\n", stdout.String())
		require.Equal(t, "Subject: x\n\nhi\n", ok(t, "fetch", store, "INBOX"))
	}
}
