//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// beside is a store that Dovecot and dbox work on in turn.
type beside struct {
	*dovecot
	location string
	root     string
}

func newBeside(t *testing.T, kind string) *beside {
	d := newDovecot(t)
	b := &beside{d, kind + ":" + d.at("home/store") + ":ALT=" + d.at("home/alt"), d.at("home/store")}
	require.NoError(t, os.Mkdir(d.at("home/alt"), 0o755))
	d.own()
	return b
}

// theirs runs doveadm, which must have nothing to complain about.
func (b *beside) theirs(input string, args ...string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), b.doveadm, append([]string{"-c", b.at("dovecot.conf"), "-o", "mail_location=" + b.location}, args...)...)
	b.as(cmd, input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(b.t, cmd.Run(), "doveadm %q: %s", args, stderr.String())
	require.Empty(b.t, stderr.String(), "doveadm %q: its log", args)
	return stdout.String()
}

// as makes a program run as the mail user.
func (b *beside) as(cmd *exec.Cmd, input string) {
	cmd.Env = append(os.Environ(), "HOME="+b.at("home"), "USER=nobody", "TZ=UTC")
	cmd.Dir = b.dir
	cmd.Stdin = strings.NewReader(input)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// ours runs dbox, and gives Dovecot what it has made.
func (b *beside) ours(args ...string) string {
	b.t.Helper()
	out := ok(b.t, args...)
	b.own()
	return out
}

// theirState is the whole store as Dovecot sees it, a line for each thing.
func (b *beside) theirState() (lines []string) {
	b.t.Helper()
	query := func(args ...string) (all []map[string]string) {
		out := b.theirs("", append([]string{"-f", "json"}, args...)...)
		require.NoError(b.t, json.Unmarshal([]byte(out), &all), out)
		return all
	}
	for _, m := range query("mailbox", "status", "messages unseen uidnext uidvalidity guid vsize", "*") {
		lines = append(lines, fmt.Sprintf("%s: %s messages, %s unseen, %s, %s, %s, %s",
			m["mailbox"], m["messages"], m["unseen"], m["uidnext"], m["uidvalidity"], m["guid"], m["vsize"]))
	}
	for _, m := range query("fetch", "mailbox uid flags guid size.physical size.virtual date.received.unixtime text", "ALL") {
		flags := slices.DeleteFunc(strings.Fields(m["flags"]), func(f string) bool { return f == `\Recent` })
		lines = append(lines, fmt.Sprintf("%s %s %v %s %s/%s received %s %q", m["mailbox"], m["uid"], sorted(flags), m["guid"],
			m["size.physical"], m["size.virtual"], m["date.received.unixtime"], strings.ReplaceAll(m["text"], "\r\n", "\n")))
	}
	for _, name := range strings.Fields(b.theirs("", "mailbox", "list", "-s")) {
		lines = append(lines, "subscribed "+name)
	}
	sort.Strings(lines)
	return lines
}

// ourState is the same as dbox sees it.
func (b *beside) ourState() (lines []string) {
	b.t.Helper()
	for _, m := range objects[statusJSON](b.t, "stat", "--json", "--vsize", b.location) {
		lines = append(lines, fmt.Sprintf("%s: %d messages, %d unseen, %d, %d, %s, %d",
			m.Mailbox, m.Messages, m.Unseen, m.UIDNext, m.UIDValidity, m.GUID, *m.VirtualSize))
		for _, f := range objects[fetchedJSON](b.t, "fetch", "--json", b.location, m.Mailbox) {
			lines = append(lines, fmt.Sprintf("%s %d %v %s %d/%d received %d %q", m.Mailbox, f.UID, sorted(append(f.Flags, f.Keywords...)), f.GUID,
				f.Size, *f.VirtualSize, *f.Received, ok(b.t, "fetch", b.location, m.Mailbox, fmt.Sprint(f.UID))))
		}
	}
	for _, m := range objects[mailboxJSON](b.t, "list", "--json", b.location) {
		if m.Subscribed {
			lines = append(lines, "subscribed "+m.Name)
		}
	}
	sort.Strings(lines)
	b.own() // opening a mailbox can make its index
	return lines
}

// compare checks that both see the same, and a store in order.
func (b *beside) compare(after string) []string {
	b.t.Helper()
	theirs := b.theirState()
	require.Equal(b.t, theirs, b.ourState(), "after %s", after)
	o := dbox(b.t, "verify", b.location)
	require.Equal(b.t, exitOK, o.code, "after %s: %+v", after, o)
	require.Empty(b.t, o.stdout, "after %s", after)
	require.NotContains(b.t, b.versions(), "3", "after %s: Dovecot reads no version 3", after)
	return theirs
}

// versions are the first bytes of all message files.
func (b *beside) versions() (all string) {
	for _, root := range []string{b.root, b.at("home/alt")} {
		require.NoError(b.t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if name := filepath.Base(path); err == nil && (strings.HasPrefix(name, "m.") || strings.HasPrefix(name, "u.")) {
				all += readFile(b.t, path)[:1]
			}
			return err
		}))
	}
	return all
}

// Whatever one of the two does to a store, the other sees; and no doveadm has
// anything to say against what dbox has done.
func TestStoreBesideDovecot(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			b := newBeside(t, kind)
			loc := b.location
			writeFiles(t, b.dir, map[string]string{"a.eml": "Subject: a\r\n\r\nbody of a\r\n", "b.eml": "Subject: b\n\nbody of b, without an end"})
			nastyMaildir(t, b.at("maildir"), readable())
			nastyMaildir(t, b.at("maildir/.Sub.Folder"), readable())
			doveadm := func(input string, args ...string) func() { return func() { b.theirs(input, args...) } }
			dbox := func(args ...string) func() { return func() { b.ours(args...) } }
			before := b.theirState()
			for _, step := range []struct {
				name string
				do   func()
			}{
				{"doveadm mailbox create", doveadm("", "mailbox", "create", "-s", "Arch/2025")},
				{"dbox save, the first", dbox("save", loc, "Arch/2025", b.at("a.eml"))},
				{"doveadm save", doveadm("Subject: one\n\n1\n", "save")},
				{"doveadm save 2", doveadm("Subject: two\r\n\r\n2\r\n", "save")},
				{"doveadm flags", doveadm("", "flags", "add", `\Seen Work`, "mailbox", "INBOX", "uid", "1")},
				{"dbox save", dbox("save", loc, "INBOX", b.at("a.eml"), b.at("b.eml"), "--flags", "flagged,Work,Own", "--received", "1500000000")},
				{"dbox flags", dbox("flags", loc, "INBOX", "1:3", "--add", "answered,Third", "--remove", "work")},
				{"doveadm flags again", doveadm("", "flags", "replace", `\Draft Fourth`, "mailbox", "INBOX", "uid", "4")},
				{"dbox copy", dbox("copy", loc, "INBOX", "1,3:4", "Arch/2025")},
				{"dbox move", dbox("move", loc, "INBOX", "2", "Moved/here", "--create")},
				{"doveadm move", doveadm("", "move", "INBOX", "mailbox", "Moved/here", "all")},
				{"dbox mailbox", dbox("mailbox", "create", loc, "Büro", "Away")},
				{"dbox subscribe", dbox("mailbox", "subscribe", loc, "Büro")},
				{"dbox rename", dbox("mailbox", "rename", loc, "Moved", "Büro/moved")},
				{"dbox delete", dbox("mailbox", "delete", loc, "Away")},
				{"doveadm save to one of ours", doveadm("Subject: three\n\n3\n", "save", "-m", "Büro")},
				{"dbox altmove", dbox("altmove", loc, "INBOX", "1:3")},
				{"doveadm altmove", doveadm("", "altmove", "mailbox", "Büro", "all")},
				{"dbox expunge", dbox("expunge", loc, "Arch/2025", "1")},
				{"doveadm expunge", doveadm("", "expunge", "mailbox", "INBOX", "uid", "4")},
				{"dbox purge", dbox("purge", loc)},
				{"dbox import", dbox("import", b.at("maildir"), loc)},
				{"doveadm expunge of ours", doveadm("", "expunge", "mailbox", "Sub/Folder", "uid", "2:5")},
				{"doveadm purge", doveadm("", "purge")},
				{"dbox altmove --back", dbox("altmove", loc, "INBOX", "1:3", "--back")},
				{"doveadm copy", doveadm("", "copy", "Arch/2025", "mailbox", "Sub/Folder", "all")},
				{"dbox bare path", dbox("save", b.root, "INBOX", b.at("a.eml"))},
			} {
				step.do()
				after := b.compare(step.name)
				if strings.Contains(step.name, "altmove") || strings.Contains(step.name, "purge") {
					require.Equal(t, before, after, step.name)
				} else {
					require.NotEqual(t, before, after, step.name)
				}
				before = after
			}
			want := b.compare("everything")
			b.ours("rebuild", loc)
			require.Equal(t, want, b.compare("dbox rebuild"))
			b.run(loc, "force-resync", "*") // it logs that it does
			require.Equal(t, want, b.compare("doveadm force-resync"))
		})
	}
}

// A store that dbox has copied is to Dovecot what the original is, but for UIDs.
func TestImportForDovecot(t *testing.T) {
	for _, from := range kinds {
		for _, to := range kinds {
			b := newBeside(t, to)
			src, dst := from+":"+b.at("home/src"), b.location
			threeMailboxes(t, src)
			b.ours("import", "--version", "2", src, dst)
			b.compare("import")
			require.Equal(t, renumbered(state(t, src)), renumbered(state(t, dst)))

			b.ours("export", dst, "maildir:"+b.at("home/maildir"))
			want := b.mail()
			b.location = "maildir:" + b.at("home/maildir")
			require.Equal(t, want, b.mail())
		}
	}
}

// mail is what Dovecot says about messages that a Maildir can hold.
func (b *beside) mail() (lines []string) {
	for _, line := range b.theirState() {
		words := strings.Fields(line)
		if !strings.HasSuffix(words[0], ":") && words[0] != "subscribed" {
			_, rest, _ := strings.Cut(line, "received")
			_, flags, _ := strings.Cut(line, "[")
			flags, _, _ = strings.Cut(flags, "]")
			lines = append(lines, words[0]+" ["+flags+"] received"+rest)
		}
	}
	return sorted(lines)
}
