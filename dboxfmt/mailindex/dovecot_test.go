package mailindex

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

// dovecot is a private Dovecot: nothing but doveadm with a configuration of its
// own, for one user with one store.
type dovecot struct {
	t      testing.TB
	root   string // of the store
	conf   string
	extra  []string
	format string
}

// startDovecot sets a store up, "sdbox" or "mdbox". extra are settings.
func startDovecot(t testing.TB, format string, extra ...string) *dovecot {
	if _, err := exec.LookPath("doveadm"); err != nil {
		t.Skip("SKIPPED: no doveadm on this machine: nothing confirms that Dovecot and this package agree")
	}
	home := t.TempDir()
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid = 65534 // Dovecot gives root no mail
	}
	d := &dovecot{t, filepath.Join(home, format), filepath.Join(home, "dovecot.conf"), extra, format}
	// The group shares the store: Dovecot and this process are two users.
	for _, dir := range []string{home, d.root} {
		require.NoError(t, os.MkdirAll(dir, 0o770))
		require.NoError(t, os.Chmod(dir, 0o770))
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	for dir := filepath.Dir(home); dir != os.TempDir() && len(dir) > 4; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	conf := fmt.Sprintf(`
base_dir = %[1]s/run
log_path = /dev/stderr
mail_home = %[1]s
mail_location = %[2]s:%[3]s
mail_uid = %[4]d
mail_gid = %[5]d
first_valid_uid = 0
first_valid_gid = 0
ssl = no
`, home, format, d.root, uid, gid)
	require.NoError(t, os.WriteFile(d.conf, []byte(conf), 0o644))
	return d
}

// try runs doveadm; its log goes to stderr.
func (d *dovecot) try(stdin string, args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	all := []string{"-c", d.conf}
	for _, o := range d.extra {
		all = append(all, "-o", o)
	}
	cmd := exec.CommandContext(ctx, "doveadm", append(all, args...)...)
	cmd.Env = append(os.Environ(), "USER=test", "HOME="+filepath.Dir(d.root))
	cmd.Dir = filepath.Dir(d.root)
	cmd.Stdin = strings.NewReader(stdin)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err = cmd.Run()
	return out.String(), log.String(), err
}

// run runs doveadm, which must have nothing to complain about.
func (d *dovecot) run(args ...string) string {
	d.t.Helper()
	return d.feed("", args...)
}

func (d *dovecot) feed(stdin string, args ...string) string {
	d.t.Helper()
	out, log, err := d.try(stdin, args...)
	require.NoError(d.t, err, "doveadm %v: %s", args, log)
	require.Empty(d.t, log, "doveadm %v complains", args)
	return out
}

func (d *dovecot) save(mailbox string) {
	d.t.Helper()
	d.feed("From: a@example.org\nSubject: test\n\nhi\n", "save", "-m", mailbox)
}

// dir returns where the index of a mailbox is.
func (d *dovecot) dir(mailbox string) string {
	return filepath.Join(d.root, "mailboxes", mailbox, "dbox-Mails")
}

// fetched is what Dovecot says about a message.
type fetched struct {
	uid    uint32
	flags  string // sorted, with keywords
	modSeq uint64
	guid   string
}

// fetch asks Dovecot for all messages of a mailbox.
func (d *dovecot) fetch(mailbox string) (list []fetched) {
	d.t.Helper()
	out := d.run("-f", "tab", "fetch", "uid flags guid modseq", "mailbox", mailbox, "all")
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 {
			continue
		}
		require.Len(d.t, f, 4, "%q", line)
		uid, err := strconv.ParseUint(f[0], 10, 32)
		require.NoError(d.t, err)
		modSeq, err := strconv.ParseUint(f[3], 10, 64)
		require.NoError(d.t, err)
		list = append(list, fetched{uint32(uid), sortedFlags(strings.Fields(f[1])), modSeq, f[2]})
	}
	return list
}

// sortedFlags joins flags without \Recent.
func sortedFlags(flags []string) string {
	var kept []string
	for _, f := range flags {
		if f != `\Recent` {
			kept = append(kept, f)
		}
	}
	return strings.Join(sorted(kept), " ")
}

// status asks Dovecot for a number about a mailbox.
func (d *dovecot) status(mailbox, what string) uint64 {
	d.t.Helper()
	out := strings.TrimSpace(d.run("-f", "tab", "mailbox", "status", what, mailbox))
	fields := strings.Fields(out[strings.LastIndex(out, "\n")+1:])
	n, err := strconv.ParseUint(fields[len(fields)-1], 10, 64)
	require.NoError(d.t, err, "%q", out)
	return n
}

// agree compares our view of a mailbox with Dovecot's.
func (d *dovecot) agree(x *Index, mailbox string) {
	t := d.t
	t.Helper()
	require.NoError(t, x.Refresh(patient(t)))
	v := viewOf(t, x)
	var want, got []string
	for _, m := range d.fetch(mailbox) {
		line := fmt.Sprintf("%d %s", m.uid, m.flags)
		if d.format == "mdbox" {
			line += " " + m.guid
		}
		want = append(want, line)
	}
	for _, m := range messages(t, v) {
		line := fmt.Sprintf("%d %s", m.UID, sortedFlags(append(strings.Fields(m.Flags.String()), m.Keywords()...)))
		if d.format == "mdbox" {
			line += fmt.Sprintf(" %x", m.Ext(v.Field("guid")))
		}
		got = append(got, line)
	}
	require.Equal(t, want, got)
	require.EqualValues(t, d.status(mailbox, "messages"), v.Count())
	require.EqualValues(t, d.status(mailbox, "uidnext"), v.NextUID())
	require.EqualValues(t, d.status(mailbox, "uidvalidity"), v.UIDValidity())
	require.EqualValues(t, d.status(mailbox, "unseen"), uint32(v.Count())-v.Header().Seen)
}

// open opens the index of a mailbox.
func (d *dovecot) open(fs *fsapi.FS, mailbox string, limits Limits) *Index {
	return openIndex(d.t, fs, d.dir(mailbox), "dovecot.index", Options{Limits: limits})
}
