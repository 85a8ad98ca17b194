package fsapi

import (
	"io"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestLockDuringCommit: a lock that is taken while a commit is under way does
// not make FS.Wait forget that commit.
func TestLockDuringCommit(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	fs := newReadingFS(t, b, Options{})
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	f := fs.Open(path, Append)
	write(t, f, "new")
	_, err := f.Stat(patient(t))
	require.NoError(t, err)
	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpDatasync)}.Hold())
	defer held.Release()
	require.ErrorIs(t, f.Commit(), ErrAgain)
	require.NoError(t, f.TryLock())
	fs.ready.mu.Lock()
	blocked := fs.ready.blocked
	fs.ready.mu.Unlock()
	require.Equal(t, 1, blocked)
	held.Release()
	require.NoError(t, NewWriter(patient(t), f).Commit())
}

// TestLockAfterFailure: what has failed is not created again by the way.
func TestLockAfterFailure(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	fs := newReadingFS(t, b, Options{})
	dir := t.TempDir()
	b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpSync)}.Fail(syscall.EIO))
	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpUnlink)}.Hold())
	defer held.Release()
	f := fs.Create(filepath.Join(dir, "f"), FailIfExists, Perm{})
	write(t, f, "data")
	require.ErrorIs(t, f.Commit(), ErrAgain)
	fs.flush()
	within(t, held.Reached()) // the commit has failed and is not over
	require.ErrorIs(t, f.TryLock(), syscall.EIO)
	held.Release()
	require.ErrorIs(t, NewWriter(patient(t), f).Commit(), syscall.EIO)
	require.ErrorIs(t, f.TryLock(), syscall.EIO)
	require.Empty(t, names(t, dir))
}

// TestReadOwnCommit: an end of file that was found before a commit is not the
// answer after it.
func TestReadOwnCommit(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, _ *fault.Backend, dir string) {
		path := filepath.Join(dir, "f")
		put(t, path, "old")
		f := fs.Open(path, Append)
		_, err := f.Pread(make([]byte, 3), 3)
		require.ErrorIs(t, err, ErrAgain)
		require.NoError(t, f.Wait(patient(t)))
		write(t, f, "new")
		require.NoError(t, NewWriter(patient(t), f).Commit())
		got := make([]byte, 3)
		_, err = io.ReadFull(io.NewSectionReader(NewReader(patient(t), f), 3, 3), got)
		require.NoError(t, err)
		require.Equal(t, "new", string(got))
	})
}

// TestCloseUnlocks: the lock is free when Close returns, unless a commit still
// needs it, also with operations in flight.
func TestCloseUnlocks(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	fs := newReadingFS(t, b, Options{})
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	f, g := fs.Open(path, Append), fs.Open(path, Append)
	for _, x := range []*File{f, g} {
		_, err := x.Stat(patient(t))
		require.NoError(t, err)
	}
	require.NoError(t, f.TryLock())
	require.ErrorIs(t, g.TryLock(), ErrLocked)
	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpClose)}.Hold())
	defer held.Release()
	require.NoError(t, f.Close())
	require.NoError(t, g.TryLock())
}
