package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nobody is the user and the group that doveadm runs as: Dovecot gives root no
// mail.
const Nobody = 65534

// Dovecot is doveadm with a configuration of its own, for one user with one
// store. No server runs.
type Dovecot struct {
	T         testing.TB
	Dir       string // has the configuration, the log and the user's home
	Root, Alt string // of the store
}

// NewDovecot makes one whose store is of a kind, sdbox or mdbox, and empty.
// settings are lines for its configuration. Without a Dovecot, or without the
// right to run it as another user, the test is skipped.
func NewDovecot(t testing.TB, kind string, settings ...string) *Dovecot {
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
	d := &Dovecot{T: t, Dir: dir, Root: filepath.Join(dir, "home", kind), Alt: filepath.Join(dir, "home", "alt")}
	for _, sub := range []string{"run", "state", "home"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o755))
	}
	conf := fmt.Sprintf(`base_dir=%[1]s/run
state_dir=%[1]s/state
log_path=%[2]s
ssl=no
protocols=imap
mail_uid=%[3]d
mail_gid=%[3]d
first_valid_uid=1
first_valid_gid=1
default_login_user=nobody
default_internal_user=nobody
default_internal_group=nogroup
mail_home=%[4]s
mail_location=%[5]s:%[6]s:ALT=%[7]s
%[8]s
`, dir, d.Log(), Nobody, d.home(), kind, d.Root, d.Alt, strings.Join(settings, "\n"))
	require.NoError(t, os.WriteFile(d.conf(), []byte(conf), 0o644))
	require.NoError(t, os.WriteFile(d.Log(), nil, 0o666))
	require.NoError(t, os.Chmod(d.Log(), 0o666))
	d.Own()
	return d
}

// Log is where Dovecot logs to.
func (d *Dovecot) Log() string { return filepath.Join(d.Dir, "log") }

func (d *Dovecot) home() string { return filepath.Join(d.Dir, "home") }
func (d *Dovecot) conf() string { return filepath.Join(d.Dir, "dovecot.conf") }

// Own gives everything in the store to the user that doveadm runs as. Files may
// come and go meanwhile.
func (d *Dovecot) Own() {
	d.T.Helper()
	require.NoError(d.T, filepath.WalkDir(d.home(), func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, Nobody, Nobody)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}))
}

// Command runs one of Dovecot's programs as the user.
func (d *Dovecot) Command(program string, args ...string) *exec.Cmd {
	id := strconv.Itoa(Nobody)
	cmd := exec.Command("setpriv", append([]string{
		"--reuid=" + id, "--regid=" + id, "--clear-groups", "env", "USER=u1", "HOME=" + d.home(), program, "-c", d.conf(),
	}, args...)...)
	cmd.Dir = d.Dir
	return cmd
}

// Try returns what doveadm says on both outputs.
func (d *Dovecot) Try(input string, args ...string) (out, complaints string, err error) {
	var stdout, stderr bytes.Buffer
	cmd := d.Command("doveadm", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// Run is Own and Try, for what must succeed without a complaint.
func (d *Dovecot) Run(input string, args ...string) string {
	d.T.Helper()
	d.Own()
	out, complaints, err := d.Try(input, args...)
	require.NoError(d.T, err, "doveadm %q: %s", args, complaints)
	require.Empty(d.T, complaints, "doveadm %q", args)
	require.Empty(d.T, d.Complaints(), "doveadm %q", args)
	return out
}

// Complaints are the lines of the log that are more than informative.
func (d *Dovecot) Complaints() (list []string) {
	d.T.Helper()
	log, err := os.ReadFile(d.Log())
	require.NoError(d.T, err)
	for line := range strings.Lines(string(log)) {
		for _, level := range []string{"Warning:", "Error:", "Fatal:", "Panic:"} {
			if strings.Contains(line, level) {
				list = append(list, line)
			}
		}
	}
	return list
}

// Record is one object of doveadm's JSON.
type Record map[string]string

// Number is the value of a key that must be a number.
func (r Record) Number(t testing.TB, key string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(r[key], 10, 64)
	require.NoError(t, err, "%s of %v", key, r)
	return n
}

// JSON is Run for commands that print records.
func (d *Dovecot) JSON(args ...string) (list []Record) {
	d.T.Helper()
	out := d.Run("", append([]string{"-f", "json"}, args...)...)
	require.NoError(d.T, json.Unmarshal([]byte(out), &list), "%s", out)
	return list
}
