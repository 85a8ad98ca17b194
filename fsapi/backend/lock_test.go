//go:build linux || darwin

package backend

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func forEachLock(t *testing.T, f func(t *testing.T, kind LockKind)) {
	for name, kind := range map[string]LockKind{"flock": LockFlock, "record": LockRecord} {
		t.Run(name, func(t *testing.T) {
			path := written(t, "")
			l, _, err := TryLock(opened(t, path, OpenWrite), path, kind)
			skipUnsupported(t, err)
			require.NoError(t, err)
			require.NoError(t, l.Unlock())
			f(t, kind)
		})
	}
}

// lock takes a lock that nobody holds.
func lock(t *testing.T, h *Handle, path string, kind LockKind) Lock {
	t.Helper()
	l, held, err := TryLock(h, path, kind)
	require.NoError(t, err)
	require.False(t, held)
	return l
}

func requireHeld(t *testing.T, h *Handle, path string, kind LockKind) {
	t.Helper()
	l, held, err := TryLock(h, path, kind)
	require.NoError(t, err)
	require.True(t, held)
	require.Nil(t, l)
}

func TestLockExcludesOtherHandles(t *testing.T) {
	forEachLock(t, func(t *testing.T, kind LockKind) {
		path := written(t, "")
		first, second := opened(t, path, OpenWrite), opened(t, path, 0)
		l := lock(t, first, path, kind)
		requireHeld(t, second, path, kind)
		requireHeld(t, first, path, kind) // it belongs to the Lock, not to the handle or the process

		do(t, &Op{Kind: OpClose, Handle: opened(t, path, 0)})
		do(t, &Op{Kind: OpClose, Handle: first})
		requireHeld(t, second, path, kind) // closing descriptors of the file changes nothing

		require.NoError(t, l.Unlock())
		require.NoError(t, lock(t, second, path, kind).Unlock())
	})
}

// TestUnlockWithDescriptorsAbroad: a child between fork and exec still has a
// copy of the descriptor, and the lock is free all the same.
func TestUnlockWithDescriptorsAbroad(t *testing.T) {
	forEachLock(t, func(t *testing.T, kind LockKind) {
		path := written(t, "")
		h := opened(t, path, 0)
		l := lock(t, h, path, kind)
		fd, err := unix.Dup(l.(fdLock).fd)
		require.NoError(t, err)
		defer unix.Close(fd)
		require.NoError(t, l.Unlock())
		require.NoError(t, lock(t, h, path, kind).Unlock())
		require.Error(t, l.Unlock(), "a second time")
	})
}

func TestLockFollowsTheFile(t *testing.T) {
	forEachLock(t, func(t *testing.T, kind LockKind) {
		path := written(t, "")
		h := opened(t, path, 0)
		moved := path + ".moved"
		require.NoError(t, os.Rename(path, moved))
		require.NoError(t, os.WriteFile(path, nil, 0o600)) // another file has the name now
		l, held, err := TryLock(h, path, kind)
		if runtime.GOOS == "linux" { // where a descriptor has a path of its own
			require.NoError(t, err)
			require.False(t, held)
			requireHeld(t, opened(t, moved, 0), moved, kind)
			require.NoError(t, lock(t, opened(t, path, 0), path, kind).Unlock(), "the other file is not locked")
			require.NoError(t, os.Remove(moved))
			requireHeld(t, h, moved, kind) // and not even a name is needed
			require.NoError(t, l.Unlock())
			require.NoError(t, lock(t, h, moved, kind).Unlock())
			return
		}
		require.Error(t, err, "the wrong file must not be locked")
	})
}

func TestLockErrors(t *testing.T) {
	_, _, err := TryLock(&Handle{}, "f", LockFlock)
	require.ErrorIs(t, err, ErrInvalid)
	bad := &Handle{}
	bad.SetFD(1 << 20)
	_, held, err := TryLock(bad, "some/f", LockFlock)
	require.ErrorContains(t, err, "lock some/f: ")
	require.False(t, held)
}

// TestLocksExcludeOtherProcesses runs this test again as a child.
func TestLocksExcludeOtherProcesses(t *testing.T) {
	forEachLock(t, func(t *testing.T, kind LockKind) {
		path := written(t, "")
		h := opened(t, path, 0)
		l := lock(t, h, path, kind)
		require.Equal(t, "held", tryInChild(t, path, kind))
		do(t, &Op{Kind: OpClose, Handle: opened(t, path, 0)})
		require.Equal(t, "held", tryInChild(t, path, kind), "after another descriptor was closed")
		require.NoError(t, l.Unlock())
		require.Equal(t, "free", tryInChild(t, path, kind))

		child := startChild(t, path, kind)
		require.Equal(t, "free", child.answer(t)) // and now it has it
		requireHeld(t, h, path, kind)
		child.kill(t)
		require.NoError(t, lock(t, h, path, kind).Unlock(), "a lock ends with its process")
	})
}

// TestRecordLockMeetsPOSIXLocks: the two exclude each other between processes.
func TestRecordLockMeetsPOSIXLocks(t *testing.T) {
	forEachLock(t, func(t *testing.T, kind LockKind) {
		if kind != LockRecord {
			return
		}
		path := written(t, "")
		h := opened(t, path, 0)
		l := lock(t, h, path, kind)
		require.Equal(t, "held", tryInChild(t, path, posixKind))
		require.NoError(t, l.Unlock())
		other := startChild(t, path, posixKind)
		require.Equal(t, "free", other.answer(t))
		requireHeld(t, h, path, kind)
		other.kill(t)
		require.NoError(t, lock(t, h, path, kind).Unlock())
	})
}
