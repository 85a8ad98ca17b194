//go:build linux

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Who repairs the mail of somebody else is told how, and nothing has changed; with
// --change-owner the file keeps its permissions.
func TestRepairOfAnother(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can give files away")
	}
	for kind, file := range map[string]string{"sdbox": "mailboxes/INBOX/dbox-Mails/u.1", "mdbox": "storage/m.1"} {
		root := filepath.Join(t.TempDir(), "store")
		mail := filepath.Join(t.TempDir(), "mail")
		require.NoError(t, os.WriteFile(mail, []byte("Subject: a\n\nb\n"), 0o600))
		ok(t, "save", "--create", kind+":"+root, "INBOX", mail, mail)
		path := filepath.Join(root, file)
		damaged := readFile(t, path)
		damaged = damaged[:len(damaged)-5]
		require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))
		require.NoError(t, os.Chmod(path, 0o640))
		require.NoError(t, filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			require.NoError(t, err)
			return os.Lchown(path, nobody, nobody)
		}))
		for _, args := range [][]string{{"repair", path}, {"rebuild", root}} {
			o := dbox(t, args...)
			require.Equal(t, exitFailed, o.code, "%+v", o)
			require.Contains(t, o.stderr, "belongs to uid 65534")
			require.Contains(t, o.stderr, "run dbox as")
			require.NotContains(t, o.stderr, `mailbox ""`)
			require.Equal(t, damaged, readFile(t, path))
		}
		require.Equal(t, exitProblems, dbox(t, "repair", "--change-owner", path).code)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
		require.Equal(t, uint32(nobody), info.Sys().(*syscall.Stat_t).Gid)
	}
}
