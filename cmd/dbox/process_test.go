//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
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

// process prepares the program as a process of its own.
func process(t *testing.T, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// The built program does what the functions do.
func TestBuiltProgram(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("SKIPPED: no go command to build with")
	}
	program := filepath.Join(t.TempDir(), "dbox")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for line, code := range map[string]int{
		"--version": exitOK, "verify testdata/files": exitOK, "verify testdata/damaged": exitProblems,
		"frobnicate": exitUsage, "cat testdata/nothing": exitFailed, "--help": exitOK,
	} {
		cmd := exec.Command(program, strings.Fields(line)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		stdout, _ := cmd.Output()
		require.Equal(t, code, cmd.ProcessState.ExitCode(), "%s: %s", line, stderr.String())
		want := dbox(t, strings.Fields(line)...)
		if line != "--version" { // it is another program
			require.Equal(t, want, outcome{code, string(stdout), stderr.String()}, line)
		}
	}
}

// A reader that goes away is no error: dbox cat m.1 | head.
func TestClosedPipe(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large.eml")
	require.NoError(t, os.WriteFile(large, bytes.Repeat([]byte("0123456789abcde\n"), 1<<16), 0o600))
	box := filepath.Join(t.TempDir(), "box")
	ok(t, "import", large, box)
	store := "sdbox:" + filepath.Join(t.TempDir(), "store")
	ok(t, "import", large, store)
	for _, args := range [][]string{{"fetch", store, "INBOX"}, {"fetch", "--json", store, "INBOX"}, {"cat", box + "/u.1"}, {"dump", "--json", "testdata/files/m.1"}, {"verify", "testdata/damaged"}} {
		cmd := process(t, args...)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.NoError(t, out.Close())
		require.NoError(t, cmd.Run(), "%v: %s", args, stderr.String())
		require.NotContains(t, stderr.String(), "broken pipe")
	}
}

var imported = regexp.MustCompile(`(\d+) messages? imported`)

// interrupt interrupts an import when a file has come into being, and returns
// how many messages it says that it has imported.
func interrupt(t *testing.T, file string, args ...string) string {
	cmd := process(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	for begin := time.Now(); time.Since(begin) < 30*time.Second; {
		if _, err := os.Stat(file); err == nil {
			break
		}
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, cmd.Wait())
	require.Equal(t, exitFailed, cmd.ProcessState.ExitCode(), stderr.String())
	require.Contains(t, stderr.String(), "interrupted")
	said := imported.FindStringSubmatch(stderr.String())
	require.NotNil(t, said, stderr.String())
	require.NotEqual(t, "0", said[1])
	return said[1]
}

// An interrupt leaves complete messages, as many as it says.
func TestInterruptedImport(t *testing.T) {
	dir := t.TempDir()
	mails := make([]string, 3000)
	for i := range mails {
		mails[i] = fmt.Sprintf("Subject: %d\n\n%s", i, strings.Repeat("x\n", 5000))
	}
	nastyMaildir(t, filepath.Join(dir, "from"), mails)
	for format, first := range map[string]string{"sdbox-files": "u.1", "mdbox-files": "m.1"} {
		box := filepath.Join(dir, format)
		said := interrupt(t, filepath.Join(box, first), "import", filepath.Join(dir, "from"), format+":"+box)
		o := dbox(t, "verify", box)
		require.Equal(t, exitOK, o.code, o.stdout)
		require.Contains(t, o.stderr, " "+said+" good message")
		require.NotContains(t, strings.Join(names(t, box), " "), ".temp.")
	}
}
