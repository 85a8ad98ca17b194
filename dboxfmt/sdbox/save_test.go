package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

func TestSaveAndFetch(t *testing.T) {
	for _, version := range []int{2, 3} {
		t.Run(fmt.Sprint("version", version), func(t *testing.T) {
			onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
				x := newStore(t, fsys, func(o *Options) { o.Version = version })
				m := x.open("INBOX")
				o := mailstore.SaveOptions{
					Flags: mailstore.Seen | mailstore.Answered, Keywords: []string{"one", "Two"},
					Received: time.Unix(1700000000, 0), Saved: time.Unix(1600000000, 0), GUID: "odd guid",
					POP3UIDL: "uidl", POP3Order: 7,
				}
				require.Equal(t, []uint32{1, 2}, save(t, m, o, "Subject: x\r\n\r\nhello\r\n", ""))
				for mail, err := range m.Fetch(x.ctx, []uint32{1, 9}, mailstore.FetchOptions{Verify: true}) {
					require.NoError(t, err)
					require.Equal(t, uint32(1), mail.UID)
					require.Equal(t, o.Flags, mail.Flags)
					require.Equal(t, o.Keywords, mail.Keywords)
					require.True(t, mail.Recent)
					require.True(t, o.Received.Equal(mail.Received))
					saved, err := mail.Saved(x.ctx)
					require.NoError(t, err)
					require.True(t, o.Saved.Equal(saved))
					require.Equal(t, "odd guid", mail.GUID)
					require.Equal(t, int64(18), mail.Size)
					require.Equal(t, int64(21), mail.VirtualSize)
					uidl, err := mail.Metadata.POP3UIDL()
					require.NoError(t, err)
					require.Equal(t, "uidl", uidl)
					header, err := mail.Header(x.ctx, 1000)
					require.NoError(t, err)
					require.Equal(t, "Subject: x\n\n", string(header))
					body, err := mail.Body(x.ctx)
					require.NoError(t, err)
					_, err = body.Seek(12, io.SeekStart)
					require.NoError(t, err)
					rest, err := io.ReadAll(body)
					require.NoError(t, err)
					require.Equal(t, "hello\n", string(rest))
				}
				status, err := m.Status(x.ctx)
				require.NoError(t, err)
				require.Equal(t, 2, status.Messages)
				require.Equal(t, 2, status.Recent)
				require.Equal(t, 0, status.Unseen)
				require.Equal(t, uint32(3), status.UIDNext)
			})
		})
	}
}

// A transaction with more messages than it may keep files open, of all sizes.
func TestSaveMany(t *testing.T) {
	onEngines(t, fsapi.SyncNever, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		m := x.open("INBOX")
		tx := m.Begin()
		var want []string
		for i := range 3*maxOpen + 5 {
			body := fmt.Sprintf("Subject: %d\n\n%s\n", i, strings.Repeat("x", i*i%5000))
			require.NoError(t, tx.Save(x.ctx, strings.NewReader(body), mailstore.SaveOptions{}))
			want = append(want, fmt.Sprintf("%d %q", i+1, body))
		}
		entries, err := m.Entries(x.ctx)
		require.NoError(t, err)
		require.Zero(t, entries.Len(), "nobody sees them before Commit")
		_, err = tx.Commit(x.ctx)
		require.NoError(t, err)
		require.Equal(t, want, contents(t, m))
		require.Empty(t, temporary(t, x))
	})
}

// temporary returns the temporary files of INBOX.
func temporary(t testing.TB, x *fixture) []string {
	names, err := filepath.Glob(filepath.Join(x.tree.Dir("INBOX"), ".temp.*"))
	require.NoError(t, err)
	return names
}

func TestRollback(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	tx := m.Begin()
	for range maxOpen + 2 {
		require.NoError(t, tx.Save(x.ctx, strings.NewReader("x"), mailstore.SaveOptions{}))
	}
	require.NoError(t, tx.Rollback())
	require.NoError(t, tx.Rollback())
	_, err := tx.Commit(x.ctx)
	require.ErrorIs(t, err, mailstore.ErrFinished)
	require.ErrorIs(t, tx.Save(x.ctx, strings.NewReader("x"), mailstore.SaveOptions{}), mailstore.ErrFinished)
	require.Empty(t, contents(t, m))
	require.Empty(t, temporary(t, x))
}

func TestSaveFails(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	cause := errors.New("connection lost")
	tx := m.Begin()
	require.NoError(t, tx.Save(x.ctx, strings.NewReader("good"), mailstore.SaveOptions{}))
	require.ErrorIs(t, tx.Save(x.ctx, io.MultiReader(strings.NewReader("x"), iotest.ErrReader(cause)), mailstore.SaveOptions{}), cause)
	_, err := tx.Commit(x.ctx)
	require.ErrorIs(t, err, cause)
	require.Empty(t, contents(t, m))
	require.Empty(t, temporary(t, x))

	tx = m.Begin()
	require.ErrorIs(t, tx.Save(x.ctx, strings.NewReader(""), mailstore.SaveOptions{Keywords: []string{"a b"}}), mailstore.ErrKeyword)
	require.ErrorContains(t, tx.Save(x.ctx, strings.NewReader(""), mailstore.SaveOptions{}), "invalid keyword")
}

func TestSaveWithUID(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	require.Equal(t, []uint32{10}, save(t, m, mailstore.SaveOptions{UID: 10}, "x"))
	require.Equal(t, []uint32{11}, save(t, m, mailstore.SaveOptions{}, "y"))
	tx := m.Begin()
	require.NoError(t, tx.Save(x.ctx, strings.NewReader("z"), mailstore.SaveOptions{UID: 11}))
	_, err := tx.Commit(x.ctx)
	require.ErrorIs(t, err, mailstore.ErrUID)
	require.Equal(t, []string{`10 "x"`, `11 "y"`}, contents(t, m))
}

// Commits that come at the same time, through several handles and stores.
func TestSaveConcurrently(t *testing.T) {
	onEngines(t, fsapi.SyncAlways, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, fsys, nil)
		x.open("INBOX")
		other := openStore(t, x.opts)
		var wg sync.WaitGroup
		var mu sync.Mutex
		all := map[uint32]string{}
		for i := range 8 {
			m := []*fixture{x, other}[i%2].open("INBOX")
			wg.Go(func() {
				for j := range 5 {
					tx := m.Begin()
					var bodies []string
					for k := range 1 + j%3 {
						bodies = append(bodies, fmt.Sprintf("%d %d %d", i, j, k))
						if err := tx.Save(context.Background(), strings.NewReader(bodies[k]), mailstore.SaveOptions{}); err != nil {
							t.Error(err)
						}
					}
					uids, err := tx.Commit(context.Background())
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for k, uid := range uids {
						all[uid] = bodies[k]
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		var want []string
		for uid := uint32(1); int(uid) <= len(all); uid++ {
			want = append(want, fmt.Sprintf("%d %q", uid, all[uid]))
		}
		require.Len(t, want, 8*9)
		require.Equal(t, want, contents(t, x.open("INBOX")))
	})
}

// What a commit that died has named is taken in by the next one.
func TestSaveTakesOrphansIn(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1")
	dir := x.tree.Dir("INBOX")
	good, err := os.ReadFile(filepath.Join(dir, "u.1"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "u.2"), good, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "u.4"), good[:20], 0o600))
	require.Equal(t, []uint32{5, 6}, save(t, m, mailstore.SaveOptions{}, "5", "6"))
	require.Equal(t, []string{`1 "1"`, `2 "1"`, `5 "5"`, `6 "6"`}, contents(t, m))
	require.FileExists(t, filepath.Join(dir, "u.4"))
	require.Empty(t, temporary(t, x))
	require.NoError(t, os.Remove(filepath.Join(dir, "u.4")))
}

// An index that is lost must not hide the messages.
func TestOpenWithoutIndex(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1")
	require.NoError(t, m.Close())
	require.NoError(t, os.Remove(filepath.Join(x.tree.Dir("INBOX"), "dovecot.index.log")))
	_, err := x.Store.Open(x.ctx, "INBOX")
	require.ErrorIs(t, err, mailstore.ErrCorrupt)
	_, err = x.Rebuild(x.ctx)
	require.NoError(t, err)
	require.Equal(t, []string{`1 "1"`}, contents(t, x.open("INBOX")))
}

// When the log cannot be written, nothing of the transaction is left, and the
// next one finds nothing in its way.
func TestCommitWithoutLog(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	fsys, err := fsapi.New(fsapi.Options{Engine: b, Sync: fsapi.SyncNever, Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fsys.Close() })
	x := newStore(t, fsys, nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1")
	tx := m.Begin()
	for range maxOpen + 1 { // so that some have a temporary name
		require.NoError(t, tx.Save(x.ctx, strings.NewReader("x"), mailstore.SaveOptions{}))
	}
	full := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev), Suffix: ".log"}.Fail(syscall.ENOSPC))
	_, err = tx.Commit(x.ctx)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, 1, full.Hits())
	require.Equal(t, []string{`1 "1"`}, contents(t, m))
	names, err := filepath.Glob(filepath.Join(x.tree.Dir("INBOX"), "u.*"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.Empty(t, temporary(t, x))
	require.Equal(t, []uint32{2}, save(t, m, mailstore.SaveOptions{}, "2"))
	require.Equal(t, []string{`1 "1"`, `2 "2"`}, contents(t, m))
}
