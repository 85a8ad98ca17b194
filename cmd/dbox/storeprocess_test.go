//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// An interrupt leaves a store in order with complete messages, as many as it
// says.
func TestInterruptedStoreImport(t *testing.T) {
	dir := t.TempDir()
	mails := make([]string, 3000)
	for i := range mails {
		mails[i] = fmt.Sprintf("Subject: %d\n\n%s", i, strings.Repeat("x\n", 5000))
	}
	nastyMaildir(t, filepath.Join(dir, "from"), mails)
	for kind, file := range map[string]string{"sdbox": "mailboxes/INBOX/dbox-Mails/u.1", "mdbox": "storage/m.1"} {
		root := filepath.Join(dir, kind)
		said := interrupt(t, filepath.Join(root, file), "import", filepath.Join(dir, "from"), kind+":"+root)
		status := objects[statusJSON](t, "stat", "--json", root, "INBOX")[0]
		require.Equal(t, said, fmt.Sprint(status.Messages))
		healthy(t, root)
	}
}

// An interrupt while standard input has nothing to say ends the command, and
// nothing is saved.
func TestInterruptedSave(t *testing.T) {
	for _, kind := range kinds {
		root := filepath.Join(t.TempDir(), "store")
		ok(t, "mailbox", "create", kind+":"+root, "INBOX")
		cmd := process(t, "save", root, "INBOX", "--backend", "threadpool")
		input, err := cmd.StdinPipe()
		require.NoError(t, err)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		_, err = io.WriteString(input, strings.Repeat("Subject: begun\n", 100000)) // more than a pipe holds: it is being read
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		require.Error(t, cmd.Wait())
		require.Equal(t, exitFailed, cmd.ProcessState.ExitCode(), stderr.String())
		require.Contains(t, stderr.String(), "interrupted")
		require.Empty(t, ok(t, "fetch", root, "INBOX"))
		healthy(t, root)
	}
}
