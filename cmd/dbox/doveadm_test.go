//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// doveadmLine is a line of "doveadm dump -t dbox".
var doveadmLine = regexp.MustCompile(`(?m)^(offset \d+:|file\.msg_header_size = .*|file\.create_stamp = .*|msg\.(size|physical-size|received|virtual-size|pop3-uidl|pop3-order|guid|orig-mailbox|ext-ref) = \S+)`)

// findDoveadm returns the path of doveadm, or skips the test.
func findDoveadm(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("doveadm")
	if err != nil {
		t.Skip("SKIPPED: no doveadm on this machine: Dovecot has confirmed nothing")
	}
	return path
}

// Our dump says what Dovecot's says, in the same words and order.
func TestDumpAsDoveadm(t *testing.T) {
	doveadm := findDoveadm(t)
	for _, name := range []string{"testdata/files/m.1", "testdata/files/m.3", "testdata/files/u.1", "testdata/damaged/m.1"} {
		cmd := exec.Command(doveadm, "dump", "-t", "dbox", name)
		cmd.Env = append(os.Environ(), "TZ=UTC")
		out, _ := cmd.Output() // it fails at the damage
		theirs := doveadmLine.FindAllString(string(out), -1)
		ours := doveadmLine.FindAllString(dbox(t, "dump", name).stdout, -1)
		if name == "testdata/damaged/m.1" { // doveadm shows the size of the message that is cut off
			require.Contains(t, theirs[len(theirs)-2], "offset")
			theirs, ours = theirs[:len(theirs)-2], ours[:min(len(ours), len(theirs)-2)]
		}
		require.NotEmpty(t, theirs)
		require.Equal(t, theirs, ours, name)
	}
}

// dovecot runs doveadm as a user that may have mail, on mail of its own.
type dovecot struct {
	t       *testing.T
	doveadm string
	dir     string
}

const nobody = 65534

func newDovecot(t *testing.T) *dovecot {
	doveadm := findDoveadm(t)
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: doveadm needs a mail user, which only root can become: Dovecot has confirmed nothing")
	}
	dir, err := os.MkdirTemp("/tmp", "ringbox-dovecot-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Mkdir(filepath.Join(dir, "home"), 0o755))
	d := &dovecot{t, doveadm, dir}
	writeFiles(t, dir, map[string]string{"dovecot.conf": fmt.Sprintf(`base_dir = %s/run
log_path = /dev/stderr
mail_uid = %d
mail_gid = %d
first_valid_uid = 1
first_valid_gid = 1
ssl = no
protocols =
namespace inbox {
  inbox = yes
  separator = /
}
`, dir, nobody, nobody)})
	d.own()
	return d
}

func (d *dovecot) at(name string) string { return filepath.Join(d.dir, name) }

// own gives everything to the mail user.
func (d *dovecot) own() {
	require.NoError(d.t, filepath.WalkDir(d.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	}))
}

func (d *dovecot) run(location string, args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, d.doveadm, append([]string{"-c", d.at("dovecot.conf"), "-o", "mail_location=" + location}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+d.at("home"), "USER=nobody", "TZ=UTC")
	cmd.Dir = d.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(d.t, err, "doveadm %v: %s", args, stderr.String())
	return string(out)
}

// mails are what Dovecot says about the mails of INBOX, each field as text.
func (d *dovecot) mails(location string, fields string) (all []map[string]string) {
	d.t.Helper()
	out := d.run(location, "-f", "json", "fetch", fields, "mailbox", "INBOX")
	require.NoError(d.t, json.Unmarshal([]byte(out), &all), out)
	return all
}

// readable are the nasty mails that doveadm's JSON can carry and whose size it
// believes in: text, and not empty.
func readable() (mails []string) {
	for _, mail := range nasty {
		if len(mail) > 1 && len(mail) < 1000 && utf8.ValidString(mail) && !strings.ContainsAny(mail, "\x00\x01") && !strings.Contains(mail, "\r\r") {
			mails = append(mails, mail)
		}
	}
	return mails
}

// Dovecot finds the same in the single-dbox files that import makes as in the
// Maildir they come from: text, date of arrival, GUID, sizes.
func TestDovecotReadsImport(t *testing.T) {
	d := newDovecot(t)
	nastyMaildir(t, d.at("maildir"), readable())
	store := d.at("sdbox")
	require.NoError(t, os.MkdirAll(filepath.Join(store, "mailboxes/INBOX"), 0o755))
	ok(t, "import", "--version", "2", d.at("maildir"), filepath.Join(store, "mailboxes/INBOX/dbox-Mails"))
	d.own()
	d.run("sdbox:"+store, "force-resync", "INBOX")
	const fields = "uid guid date.received size.virtual text"
	want := withLF(d.mails("maildir:"+d.at("maildir"), fields))
	require.Len(t, want, len(readable()))
	require.Equal(t, want, d.mails("sdbox:"+store, fields))
}

// withLF is what Dovecot says about mails in a Maildir, which may have CRLF.
func withLF(mails []map[string]string) []map[string]string {
	for _, m := range mails {
		m["text"] = strings.ReplaceAll(m["text"], "\r\n", "\n")
	}
	return mails
}

// The files that Dovecot makes of a Maildir are those that import makes, but
// for F and the time of creation.
func TestImportAsDovecot(t *testing.T) {
	d := newDovecot(t)
	var mails []string
	for _, mail := range nasty {
		if len(mail) > 1 && !strings.HasSuffix(mail, "\r") { // Dovecot skips empty mails and drops that CR
			mails = append(mails, mail)
		}
	}
	nastyMaildir(t, d.at("maildir"), mails)
	d.own()
	d.run("sdbox:"+d.at("theirs"), "backup", "-R", "maildir:"+d.at("maildir"))
	ok(t, "import", "--version", "2", d.at("maildir"), d.at("ours"))
	for i, mail := range mails {
		name := fmt.Sprintf("u.%d", i+1)
		_, theirs, _ := strings.Cut(readFile(t, filepath.Join(d.at("theirs"), "mailboxes/INBOX/dbox-Mails", name)), "\n")
		_, ours, _ := strings.Cut(readFile(t, filepath.Join(d.at("ours"), name)), "\n")
		ours = regexp.MustCompile(`\nF[01]{5}\n`).ReplaceAllString(ours, "\n")
		ours = regexp.MustCompile(`\nK\$Forwarded\n`).ReplaceAllString(ours, "\n")
		require.True(t, theirs == ours, "%.300q: %.300q, Dovecot has %.300q", mail, ours, theirs)
	}
}

// Dovecot reads the Maildirs and mbox files that export writes: every mail, with
// date and flags.
func TestDovecotReadsExport(t *testing.T) {
	d := newDovecot(t)
	mails := readable()
	nastyMaildir(t, d.at("from"), mails)
	ok(t, "import", d.at("from"), d.at("boxes"))
	ok(t, "export", d.at("boxes"), "maildir:"+d.at("maildir"))
	ok(t, "export", d.at("boxes"), "mbox:"+d.at("inbox"))
	require.NoError(t, os.Mkdir(d.at("mbox"), 0o755))
	d.own()
	const fields = "guid date.received flags text"
	got := d.mails("maildir:"+d.at("maildir"), fields)
	require.Len(t, got, len(mails))
	require.Equal(t, withLF(d.mails("maildir:"+d.at("from"), fields)), got)
	// No text: Dovecot does not take the quoting away.
	inMbox := d.mails("mbox:"+d.at("mbox")+":INBOX="+d.at("inbox"), "date.received flags")
	inMaildir := d.mails("maildir:"+d.at("from"), "date.received flags")
	for _, m := range slices.Concat(inMbox, inMaildir) {
		m["flags"] = strings.TrimSpace(strings.ReplaceAll(m["flags"], `\Recent`, ""))
	}
	require.Equal(t, inMaildir, inMbox)
}
