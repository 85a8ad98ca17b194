package sdbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dovecot is a private Dovecot without a server: doveadm works on the store of
// one user, as the user nobody.
type dovecot struct {
	t    testing.TB
	dir  string
	root string // of the store
	alt  string
}

const nobody = 65534

const dovecotConf = `base_dir=DIR/run
state_dir=DIR/state
log_path=DIR/log
ssl=no
protocols=imap
mail_uid=65534
mail_gid=65534
first_valid_uid=1
first_valid_gid=1
default_login_user=nobody
default_internal_user=nobody
default_internal_group=nogroup
mail_home=DIR/home
mail_location=sdbox:DIR/home/sdbox:ALT=DIR/home/alt
`

func newDovecot(t testing.TB) *dovecot {
	for _, tool := range []string{"doveadm", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: not compared with Dovecot: %v", err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: not compared with Dovecot: doveadm is run as another user, which only root can do")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	d := &dovecot{t: t, dir: dir, root: filepath.Join(dir, "home", "sdbox"), alt: filepath.Join(dir, "home", "alt")}
	for _, sub := range []string{"run", "state", "home"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o755))
	}
	conf := strings.ReplaceAll(dovecotConf, "DIR", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dovecot.conf"), []byte(conf), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "log"), nil, 0o666))
	require.NoError(t, os.Chmod(filepath.Join(dir, "log"), 0o666))
	d.own()
	return d
}

// own gives everything in the store to the user that doveadm runs as.
func (d *dovecot) own() {
	d.t.Helper()
	require.NoError(d.t, filepath.WalkDir(filepath.Join(d.dir, "home"), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	}))
}

// try runs doveadm and returns what it says on both outputs.
func (d *dovecot) try(input string, args ...string) (out, complaints string, err error) {
	all := append([]string{
		"--reuid=65534", "--regid=65534", "--clear-groups", "env", "USER=u1", "HOME=" + filepath.Join(d.dir, "home"),
		"doveadm", "-c", filepath.Join(d.dir, "dovecot.conf"),
	}, args...)
	cmd := exec.Command("setpriv", all...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = d.dir, strings.NewReader(input), &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// run is try for what must succeed without a complaint.
func (d *dovecot) run(input string, args ...string) string {
	d.t.Helper()
	out, complaints, err := d.try(input, args...)
	require.NoError(d.t, err, "doveadm %q: %s", args, complaints)
	require.Empty(d.t, complaints, "doveadm %q", args)
	d.quiet()
	return out
}

// quiet checks that the log has no errors and warnings.
func (d *dovecot) quiet() {
	d.t.Helper()
	log, err := os.ReadFile(filepath.Join(d.dir, "log"))
	require.NoError(d.t, err)
	for line := range strings.Lines(string(log)) {
		for _, level := range []string{"Warning:", "Error:", "Fatal:", "Panic:"} {
			require.NotContains(d.t, line, level, "Dovecot's log")
		}
	}
}

// record is one object of doveadm's JSON.
type record map[string]string

func (r record) number(t testing.TB, key string) uint64 {
	n, err := strconv.ParseUint(r[key], 10, 64)
	require.NoError(t, err, "%s of %v", key, r)
	return n
}

func (d *dovecot) json(args ...string) (list []record) {
	d.t.Helper()
	out := d.run("", append([]string{"-f", "json"}, args...)...)
	require.NoError(d.t, json.Unmarshal([]byte(out), &list), "%s", out)
	return list
}

// state returns the whole store as Dovecot sees it, in the form of fixture.state.
func (d *dovecot) state() (lines []string) {
	d.t.Helper()
	for _, m := range d.json("mailbox", "status", "messages uidnext uidvalidity unseen guid", "*") {
		lines = append(lines, fmt.Sprintf("%s: %s messages, %s unseen, uidnext %s, uidvalidity %s, guid %s",
			m["mailbox"], m["messages"], m["unseen"], m["uidnext"], m["uidvalidity"], m["guid"]))
	}
	fields := "mailbox uid flags guid size.physical size.virtual date.received.unixtime pop3.uidl pop3.order text"
	for _, m := range d.json("fetch", fields, "ALL") {
		lines = append(lines, fmt.Sprintf("%s %06d [%s] %s %s/%s received %s pop3 %q %q %q",
			m["mailbox"], m.number(d.t, "uid"), sortedFlags(strings.Fields(m["flags"])), m["guid"], m["size.physical"], m["size.virtual"],
			m["date.received.unixtime"], m["pop3.uidl"], m["pop3.order"], m["text"]))
	}
	for _, name := range strings.Fields(d.run("", "mailbox", "list", "-s")) {
		lines = append(lines, "subscribed "+name)
	}
	return lines
}
