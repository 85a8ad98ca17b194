package sdbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Names that no message can have, or that would use up all UIDs, are in nobody's
// way. Verify tells of each, and a rebuild takes the messages in whose number is
// the only thing wrong.
func TestHostileNames(t *testing.T) {
	for name, want := range map[string]struct {
		err   error
		taken bool
	}{
		"u.4294967293": {errHigh, true}, "u.4294967294": {errName, true}, "u.4294967295": {errName, true}, "u.4294967296": {errName, true},
		"u.99999999999": {errName, true}, "u.99999999999999999999": {errName, true}, "u.0": {errName, true}, "u.007": {errName, true},
		"u.-1": {errName, false}, "u.1x": {errName, false}, "u.": {errName, false}, "u.+2": {errName, false}, "u.٣": {errName, false},
		"u.5.broken": {nil, false}, "u.5.expunged": {nil, false}, "x.5": {nil, false},
	} {
		for _, lost := range []bool{false, true} {
			if lost && !want.taken {
				continue
			}
			t.Run(fmt.Sprint(name, " index lost ", lost), func(t *testing.T) {
				x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
				m := x.open("INBOX")
				save(t, m, mailstore.SaveOptions{}, "1", "2")
				dir := x.tree.Dir("INBOX")
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), messageFile(t, x, "stray"), 0o600))
				require.Equal(t, []string{`1 "1"`, `2 "2"`}, contents(t, m))
				require.Equal(t, []uint32{3}, save(t, m, mailstore.SaveOptions{}, "3"))
				var found []error
				require.NoError(t, x.Verify(x.ctx, func(p mailstore.Problem) {
					require.True(t, p.Harmless)
					require.Equal(t, filepath.Join(dir, name), p.File)
					found = append(found, p.Err)
				}))
				if want.err == nil {
					require.Empty(t, found)
				} else {
					require.Len(t, found, 1)
					require.ErrorIs(t, found[0], want.err)
				}
				require.NoError(t, m.Close())
				if lost {
					for _, suffix := range []string{"", ".log", ".backup", ".log.2"} {
						err := os.Remove(filepath.Join(dir, "dovecot.index"+suffix))
						require.True(t, err == nil || errors.Is(err, os.ErrNotExist))
					}
				}
				_, err := x.Rebuild(x.ctx)
				require.NoError(t, err)
				m = x.open("INBOX")
				all := []string{`1 "1"`, `2 "2"`, `3 "3"`}
				if want.taken {
					all = append(all, `4 "stray"`)
				} else {
					require.FileExists(t, filepath.Join(dir, name))
				}
				require.Equal(t, all, contents(t, m))
				uids := save(t, m, mailstore.SaveOptions{}, "more")
				require.Less(t, uids[0], uint32(1<<20))
				again, err := x.Rebuild(x.ctx)
				require.NoError(t, err)
				require.Empty(t, again.Notes)
			})
		}
	}
}

// messageFile is the content of a file with one message.
func messageFile(t *testing.T, x *fixture, text string) []byte {
	other := newStore(t, x.fsys, nil)
	save(t, other.open("INBOX"), mailstore.SaveOptions{}, text)
	b, err := os.ReadFile(filepath.Join(other.tree.Dir("INBOX"), "u.1"))
	require.NoError(t, err)
	return b
}

// What has the name of the next message and is no file does not keep anybody from
// saving, nor from a rebuild.
func TestNoFileHasTheName(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1")
	require.NoError(t, os.Mkdir(filepath.Join(x.tree.Dir("INBOX"), "u.2"), 0o700))
	require.Equal(t, []uint32{3}, save(t, m, mailstore.SaveOptions{}, "3"))
	problems := 0
	require.NoError(t, x.Verify(x.ctx, func(p mailstore.Problem) {
		require.ErrorIs(t, p.Err, errName)
		problems++
	}))
	require.Equal(t, 1, problems)
	_, err := x.Rebuild(x.ctx)
	require.NoError(t, err)
	require.Equal(t, []string{`1 "1"`, `3 "3"`}, contents(t, m))
}

// The last UIDs can be asked for, and then there are no more.
func TestLastUID(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	for _, uid := range []uint32{1<<32 - 1, 1<<32 - 2} {
		tx := m.Begin()
		require.NoError(t, tx.Save(x.ctx, strings.NewReader("too high"), mailstore.SaveOptions{UID: uid}))
		_, err := tx.Commit(x.ctx)
		require.ErrorIs(t, err, mailstore.ErrUID)
	}
	require.Equal(t, []uint32{lastUID}, save(t, m, mailstore.SaveOptions{UID: lastUID}, "last"))
	tx := m.Begin()
	require.NoError(t, tx.Save(x.ctx, strings.NewReader("one more"), mailstore.SaveOptions{}))
	_, err := tx.Commit(x.ctx)
	require.ErrorIs(t, err, mailstore.ErrUID)
	require.Equal(t, []string{fmt.Sprintf("%d %q", lastUID, "last")}, contents(t, m))
	report, err := x.Rebuild(x.ctx)
	require.NoError(t, err)
	require.Empty(t, report.Notes)
}
