package mailindex

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

func TestLockExcludes(t *testing.T) {
	fs, other := openFS(t, nil), openFS(t, nil) // the second stands for another process
	dir := t.TempDir()
	x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true})
	require.NoError(t, x.Commit(patient(t), first(1)))
	twin := openIndex(t, fs, dir, "dovecot.index", Options{LockTimeout: 10 * time.Millisecond})
	far := openIndex(t, other, dir, "dovecot.index", Options{LockTimeout: 10 * time.Millisecond})

	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	for _, y := range []*Index{x, twin, far} {
		_, err := y.TryLock(patient(t))
		require.ErrorIs(t, err, ErrLocked)
		require.ErrorIs(t, err, fsapi.ErrLocked)
	}
	for _, y := range []*Index{twin, far} {
		_, err = y.Lock(patient(t))
		require.ErrorIs(t, err, ErrLocked)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, y.Refresh(patient(t)), "readers are held up")
	}
	ctx, cancel := context.WithCancel(patient(t))
	cancel()
	_, err = far.Lock(ctx)
	require.ErrorIs(t, err, context.Canceled)

	require.NoError(t, l.Unlock())
	require.NoError(t, l.Unlock(), "a second time")
	require.ErrorIs(t, l.Append(patient(t), first(1)), ErrUnlocked)
	for _, y := range []*Index{far, twin, x} {
		l, err := y.TryLock(patient(t))
		require.NoError(t, err)
		require.NoError(t, l.Unlock())
	}
}

func TestReadOnly(t *testing.T) {
	fs := openFS(t, nil)
	dir := sample(t, fs)
	x := openIndex(t, fs, dir, "dovecot.index", Options{ReadOnly: true})
	_, err := x.Lock(patient(t))
	require.ErrorIs(t, err, ErrReadOnly)
	require.NoError(t, x.Close())
	require.ErrorIs(t, x.Close(), fsapi.ErrClosed)
	require.ErrorIs(t, x.Refresh(patient(t)), fsapi.ErrClosed)
}

// Many writers of one process and of others, with rotation: no change is lost,
// no uid given twice.
func TestManyWriters(t *testing.T) {
	dir := t.TempDir()
	limits := Limits{RotateMaxSize: 3000, RewriteMin: 500, RewriteMax: 1000}
	const writers, each = 6, 25
	var wait sync.WaitGroup
	uids := make([][]uint32, writers)
	shared := openFS(t, nil)
	for w := range writers {
		fs := shared
		if w%2 == 0 {
			fs = openFS(t, nil)
		}
		x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true, Limits: limits})
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range each {
				tx := &Transaction{}
				a := tx.Append(0, fmt.Sprint("w", w), fmt.Sprint("i", i))
				if err := x.Commit(context.Background(), tx); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				uids[w] = append(uids[w], a.UID())
			}
		}()
	}
	wait.Wait()
	v := viewOf(t, openIndex(t, shared, dir, "dovecot.index", Options{}))
	require.Equal(t, writers*each, v.Count())
	for w := range writers {
		require.Len(t, uids[w], each)
		for i, uid := range uids[w] {
			m, err := v.Find(patient(t), uid)
			require.NoError(t, err)
			require.ElementsMatch(t, []string{fmt.Sprint("w", w), fmt.Sprint("i", i)}, m.Keywords())
		}
	}
	require.FileExists(t, filepath.Join(dir, "dovecot.index.log.2"))
	require.NoFileExists(t, filepath.Join(dir, "dovecot.index.log.newlock"))
}

// A log that others are making is waited for; one that the dead have left is not.
func TestNewLock(t *testing.T) {
	fs := openFS(t, nil)
	dir := t.TempDir()
	newLock := filepath.Join(dir, "dovecot.index.log.newlock")
	require.NoError(t, os.WriteFile(newLock, nil, 0o600))
	x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true, LockTimeout: 10 * time.Millisecond})
	require.ErrorIs(t, x.Commit(patient(t), first(1)), ErrLocked)
	_, err := x.TryLock(patient(t))
	require.ErrorIs(t, err, ErrLocked)
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(newLock, old, old))
	x = openIndex(t, fs, dir, "dovecot.index", Options{Create: true})
	require.NoError(t, x.Commit(patient(t), first(1)))
	require.NoFileExists(t, newLock)
}

// The permissions of new files follow the directory.
func TestPermissions(t *testing.T) {
	fs := openFS(t, nil)
	for mode, want := range map[os.FileMode]os.FileMode{0o700: 0o600, 0o770: 0o660, 0o750: 0o640} {
		dir := t.TempDir()
		require.NoError(t, os.Chmod(dir, mode))
		x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true})
		require.NoError(t, x.Commit(patient(t), first(1)))
		l, err := x.Lock(patient(t))
		require.NoError(t, err)
		require.NoError(t, l.Rotate(patient(t)))
		require.NoError(t, l.Unlock())
		for _, path := range []string{x.files.path, x.files.log, x.files.log2} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, want, info.Mode().Perm(), path)
		}
	}
}
