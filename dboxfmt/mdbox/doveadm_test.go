package mdbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobody is the user that doveadm runs as: Dovecot gives root no mail.
const nobody = 65534

// dovecot is doveadm with a configuration of its own, for one user with one
// mdbox. No server runs.
type dovecot struct {
	t         testing.TB
	dir       string
	root, alt string
}

func newDovecot(t testing.TB, settings ...string) *dovecot {
	for _, tool := range []string{"doveadm", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: nothing confirms that Dovecot agrees: %v", err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: nothing confirms that Dovecot agrees: only root can run it as another user")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	d := &dovecot{t: t, dir: dir, root: filepath.Join(dir, "home/mdbox"), alt: filepath.Join(dir, "home/alt")}
	for _, sub := range []string{"run", "state", "home"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o755))
	}
	conf := fmt.Sprintf(`base_dir=%[1]s/run
state_dir=%[1]s/state
log_path=%[1]s/log
ssl=no
protocols=imap
mail_uid=%[2]d
mail_gid=%[2]d
first_valid_uid=1
first_valid_gid=1
default_login_user=nobody
default_internal_user=nobody
default_internal_group=nogroup
mail_home=%[1]s/home
mail_location=mdbox:%[3]s:ALT=%[4]s
%[5]s
`, dir, nobody, d.root, d.alt, strings.Join(settings, "\n"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dovecot.conf"), []byte(conf), 0o644))
	require.NoError(t, os.WriteFile(d.log(), nil, 0o666))
	require.NoError(t, os.Chmod(d.log(), 0o666))
	d.own()
	return d
}

func (d *dovecot) log() string { return filepath.Join(d.dir, "log") }

// own gives the store to the user that doveadm runs as.
func (d *dovecot) own() {
	require.NoError(d.t, filepath.WalkDir(filepath.Join(d.dir, "home"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	}))
}

func (d *dovecot) command(args ...string) *exec.Cmd {
	cmd := exec.Command("setpriv", append([]string{
		"--reuid=65534", "--regid=65534", "--clear-groups", "env", "USER=u1", "HOME=" + filepath.Join(d.dir, "home"),
		"doveadm", "-c", filepath.Join(d.dir, "dovecot.conf"),
	}, args...)...)
	cmd.Dir = d.dir
	return cmd
}

// try returns what doveadm says on both outputs.
func (d *dovecot) try(input string, args ...string) (out, complaints string, err error) {
	var stdout, stderr bytes.Buffer
	cmd := d.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// run is for what must succeed without a complaint.
func (d *dovecot) run(input string, args ...string) string {
	d.t.Helper()
	d.own()
	out, complaints, err := d.try(input, args...)
	require.NoError(d.t, err, "doveadm %q: %s", args, complaints)
	require.Empty(d.t, complaints, "doveadm %q", args)
	require.Empty(d.t, d.complaints(), "doveadm %q", args)
	return out
}

// complaints are the lines of the log that are more than informative.
func (d *dovecot) complaints() (list []string) {
	log, err := os.ReadFile(d.log())
	require.NoError(d.t, err)
	for line := range strings.Lines(string(log)) {
		for _, level := range []string{"Warning:", "Error:", "Fatal:", "Panic:"} {
			if strings.Contains(line, level) {
				list = append(list, line)
			}
		}
	}
	return list
}

// row is one object of doveadm's JSON.
type row map[string]string

func (d *dovecot) json(args ...string) (list []row) {
	d.t.Helper()
	out := d.run("", append([]string{"-f", "json"}, args...)...)
	require.NoError(d.t, json.Unmarshal([]byte(out), &list), "%s", out)
	return list
}

// state is the whole store as Dovecot sees it, in the form of store.state.
func (d *dovecot) state() (lines []string) {
	d.t.Helper()
	for _, m := range d.json("mailbox", "status", "messages uidnext uidvalidity unseen vsize guid", "*") {
		lines = append(lines, fmt.Sprintf("%s: %s messages, %s unseen, %s bytes, uidnext %s, uidvalidity %s, guid %s",
			m["mailbox"], m["messages"], m["unseen"], m["vsize"], m["uidnext"], m["uidvalidity"], m["guid"]))
	}
	fields := "mailbox uid flags guid refcount size.physical size.virtual date.received.unixtime date.saved.unixtime pop3.uidl pop3.order text"
	for _, m := range d.json("fetch", fields, "ALL") {
		uid, err := strconv.Atoi(m["uid"])
		require.NoError(d.t, err)
		lines = append(lines, fmt.Sprintf("%s %06d [%s] %s refs %s size %s/%s received %s saved %s pop3 %q %q %q",
			m["mailbox"], uid, sortedFlags(strings.Fields(m["flags"])), m["guid"], m["refcount"], m["size.physical"], m["size.virtual"],
			m["date.received.unixtime"], m["date.saved.unixtime"], m["pop3.uidl"], m["pop3.order"], m["text"]))
	}
	slices.Sort(lines)
	return lines
}

func sortedFlags(flags []string) string {
	flags = slices.DeleteFunc(flags, func(f string) bool { return f == `\Recent` })
	slices.Sort(flags)
	return strings.Join(flags, " ")
}
