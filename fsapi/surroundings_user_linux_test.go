package fsapi

import (
	iofs "io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestNoPermission: what a user may not read or write, and where he may not
// make files.
func TestNoPermission(t *testing.T) {
	if !isChild(t) {
		cmd := childCommand(t)
		for _, dir := range []string{"/shut", "/mine"} {
			require.NoError(t, os.Mkdir(cmd.Dir+dir, 0o755))
			put(t, cmd.Dir+dir+"/old", "old")
			require.NoError(t, os.Chmod(cmd.Dir+dir+"/old", 0o400))
		}
		require.NoError(t, os.Chmod(cmd.Dir+"/mine", 0o777))
		require.NoError(t, os.Chmod(cmd.Dir+"/shut", 0o555))
		if os.Geteuid() != 0 {
			require.NoError(t, os.Chmod(cmd.Dir+"/mine/old", 0)) // his own
			require.NoError(t, os.Chmod(cmd.Dir+"/shut/old", 0))
		}
		runChild(t, cmd)
		return
	}
	becomeNobody(t)
	unix.Umask(0)
	for _, kind := range []BackendKind{best(), ThreadPool} {
		fs, _ := newLogged(t, Options{Backend: kind})
		for path, work := range map[string]func() error{
			"mine/old":        func() error { return commit1(t, fs.Open("mine/old", Append), "new", "") },
			"shut/new":        func() error { return commit1(t, fs.Create("shut/new", FailIfExists, Perm{}), "new", "") },
			"shut/old":        func() error { return commit1(t, fs.Create("shut/old", ReplaceIfExists, Perm{}), "new", "") },
			"shut/other":      func() error { return commit1(t, fs.Create("mine/new", FailIfExists, Perm{}), "new", "shut/other") },
			"shut/very/deep":  func() error { return fs.MkdirAll(patient(t), "shut/very/deep", 0o700) },
			"mine/old, whole": func() error { return readOne(t, fs, "mine/old") },
		} {
			err := work()
			require.ErrorIs(t, err, iofs.ErrPermission, path)
			require.ErrorContains(t, err, path[:5], path)
		}
		require.NoError(t, commit1(t, fs.Create("mine/new", ReplaceIfExists, Perm{Mode: 0o640}), "new", ""))
		require.NoError(t, readOne(t, fs, "mine/new"))
		closeFS(t, fs)
	}
	require.Equal(t, []string{"old"}, names(t, "shut"))
	require.Equal(t, []string{"new", "old"}, names(t, "mine"))
}

func readOne(t *testing.T, fs *FS, path string) (failed error) {
	require.NoError(t, fs.ReadFiles(patient(t), []string{path}, func(_ int, _ []byte, err error) { failed = err }))
	return failed
}

// sysctlEnv allows TestSysctl, which changes the whole machine for a moment.
const sysctlEnv = "RINGBOX_SYSCTL"

const ringDisabled = "/proc/sys/kernel/io_uring_disabled"

// TestSysctl: 2 forbids rings to everybody, 1 to users without rights.
func TestSysctl(t *testing.T) {
	if isChild(t) {
		becomeNobody(t)
		requireNoRing(t, ".", unix.EPERM, "kernel.io_uring_disabled")
		return
	}
	if os.Getenv(sysctlEnv) == "" {
		t.Skipf("it would disturb other tests; ci/test.sh runs it alone, with %s=1", sysctlEnv)
	}
	old, err := os.ReadFile(ringDisabled)
	if err != nil {
		t.Skipf("SKIPPED, NOTHING IS TESTED: %v", err)
	}
	t.Setenv(EnvBackend, "")
	dir := t.TempDir()
	for value, test := range map[string]func(){
		"1": func() { runChild(t, childCommand(t)) },
		"2": func() { requireNoRing(t, dir, unix.EPERM, "kernel.io_uring_disabled") },
	} {
		if strings.TrimSpace(string(old)) > value {
			t.Logf("%s is %s here", ringDisabled, old)
			continue
		}
		func() {
			if err := os.WriteFile(ringDisabled, []byte(value), 0); err != nil {
				t.Skipf("SKIPPED, NOTHING IS TESTED: %v", err)
			}
			defer os.WriteFile(ringDisabled, old, 0)
			test()
		}()
	}
	now, err := os.ReadFile(ringDisabled)
	require.NoError(t, err)
	require.Equal(t, old, now, "restored")
}
