package fsapi

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// childEnv names the test, or subtest, whose second half a child process runs:
// what changes the whole process (limits, filters, users) happens there.
const childEnv = "FSAPI_TEST_CHILD"

// isChild reports whether this process is the one that t has started.
func isChild(t *testing.T) bool { return os.Getenv(childEnv) == t.Name() }

// childCommand is this test once more, as another process, below the command
// wrap if there is one. Auto means Auto in it, whatever the environment says.
// It works in a new directory that everybody may write to.
func childCommand(t *testing.T, wrap ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	self, err := os.Executable()
	require.NoError(t, err)
	args := append(wrap, self, "-test.v", "-test.timeout=50s", "-test.run="+exactly(t.Name()))
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), EnvBackend+"=", childEnv+"="+t.Name(),
		"GORACE=atexit_sleep_ms=0") // the race detector would sleep for a second at the end
	cmd.Dir, cmd.WaitDelay = t.TempDir(), time.Second
	require.NoError(t, os.Chmod(cmd.Dir, 0o777))
	return cmd
}

// exactly is the pattern of one test.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// runChild runs the child and fails, or skips, as it does.
func runChild(t *testing.T, cmd *exec.Cmd) {
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	if strings.Contains(string(out), "--- SKIP: "+t.Name()+" ") {
		t.Skipf("in the child: %s", out)
	}
	require.Contains(t, string(out), "--- PASS: "+t.Name()+" ", "the child has not run")
}

// nobody is a user without rights.
const nobody = 65534

// becomeNobody gives up root's rights for good, if the process has them. Then
// only a relative path leads to the working directory.
func becomeNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	require.NoError(t, syscall.Setgroups(nil))
	require.NoError(t, syscall.Setgid(nobody))
	require.NoError(t, syscall.Setuid(nobody))
}

// requireWorks commits a file in dir and reads it.
func requireWorks(t *testing.T, fs *FS, dir string) {
	t.Helper()
	path, want := filepath.Join(dir, "works"), large[:100_000]
	require.NoError(t, commit1(t, fs.Create(path, ReplaceIfExists, Perm{}), want, ""))
	require.NoError(t, fs.ReadFiles(patient(t), []string{path}, func(_ int, data []byte, err error) {
		require.NoError(t, err)
		require.True(t, want == string(data))
	}))
	require.Empty(t, temps(t, dir))
}
