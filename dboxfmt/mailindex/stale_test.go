package mailindex

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// An index whose files have gone, because the mailbox has got another name or has
// been deleted, must not be continued in a new log: nobody else could read that,
// and what is in the directory now may be another mailbox that has no log yet.
func TestCommitAfterTheFilesHaveGone(t *testing.T) {
	for name, gone := range map[string]func(t *testing.T, dir string){
		"removed": func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(dir)) },
		"renamed": func(t *testing.T, dir string) { require.NoError(t, os.Rename(dir, dir+".new")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir() + "/box"
			require.NoError(t, os.Mkdir(dir, 0o700))
			fsys := openFS(t, backend.NewSync(0))
			x := openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
			tx := &Transaction{}
			tx.SetUIDValidity(7)
			require.NoError(t, x.Commit(patient(t), tx))
			gone(t, dir)
			require.NoError(t, os.Mkdir(dir, 0o700)) // a new mailbox that is being made
			tx = &Transaction{}
			tx.Append(Seen)
			err := x.Commit(patient(t), tx)
			require.ErrorIs(t, err, ErrGone)
			require.ErrorIs(t, err, fs.ErrNotExist)
			y := openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
			require.Zero(t, viewOf(t, y).UIDValidity())
		})
	}
}
