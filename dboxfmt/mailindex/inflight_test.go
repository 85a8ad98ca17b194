package mailindex

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestAtomic: of a transaction that was cut off anywhere nothing is there.
func TestAtomic(t *testing.T) {
	fs := openFS(t, nil)
	dir := sample(t, fs)
	x := openIndex(t, fs, dir, "dovecot.index", Options{})
	want := body(t, viewOf(t, x))
	before, err := os.ReadFile(x.files.log)
	require.NoError(t, err)
	tx := flagged(1)
	tx.AddKeyword(UIDRange{1, 5}, "two")
	tx.Append(Seen).SetExt(extRef, []byte{1, 0})
	require.NoError(t, x.Commit(patient(t), tx))
	after, err := os.ReadFile(x.files.log)
	require.NoError(t, err)
	last := 0 // where the last record begins
	_, _, err = walkSpans(after[LogHeaderSize:], LogHeaderSize, func(_ Record, at int64) error {
		last = int(at)
		return nil
	})
	require.NoError(t, err)
	for n := len(before); n < len(after); n++ {
		require.NoError(t, os.WriteFile(x.files.log, after[:n], 0o600))
		require.Equal(t, want, body(t, viewOf(t, openIndex(t, fs, dir, "dovecot.index", Options{}))), "%d bytes", n)

		// Blocks that have not reached the device are zero: it shows as long as
		// the size of some record is among them.
		if n%4 == 0 && n <= last {
			holed := append(after[:n:n], make([]byte, len(after)-n)...)
			require.NoError(t, os.WriteFile(x.files.log, holed, 0o600))
			require.Equal(t, want, body(t, viewOf(t, openIndex(t, fs, dir, "dovecot.index", Options{}))), "%d bytes and zeros", n)
		}
	}
}

// commitHeld starts to commit flags of message 1 on an engine that holds the
// sync, and brings another effect on it.
func commitHeld(t *testing.T, effect func(fault.Rule) fault.Rule) (x *Index, held *fault.Fault, result chan error) {
	engine := fault.Wrap(backend.NewSync(0))
	fs := openFS(t, engine)
	x = openIndex(t, fs, sample(t, fs), "dovecot.index", Options{})
	held = engine.Add(effect(fault.Rule{Kinds: fault.Kinds(backend.OpDatasync)}.Hold()))
	result = make(chan error, 1)
	tx := flagged(1)
	tx.Append(0)
	ctx := patient(t)
	go func() { result <- x.Commit(ctx, tx) }()
	<-held.Reached()
	return x, held, result
}

// Readers are not held up by a commit, and who has read what it has written is
// not confused when it succeeds.
func TestRefreshDuringCommit(t *testing.T) {
	x, held, result := commitHeld(t, func(r fault.Rule) fault.Rule { return r })
	require.NoError(t, x.Refresh(patient(t)))
	old := viewOf(t, x)
	require.Equal(t, 6, old.Count())
	held.Release()
	require.NoError(t, <-result)
	tx := &Transaction{}
	tx.Append(0)
	require.NoError(t, x.Commit(patient(t), tx))
	require.Equal(t, 7, viewOf(t, x).Count())
	require.Equal(t, 6, old.Count())
}

// What a failed commit has taken back is not in the view either.
func TestRefreshDuringFailure(t *testing.T) {
	x, held, result := commitHeld(t, func(r fault.Rule) fault.Rule { return r.Fail(syscall.EIO) })
	require.NoError(t, x.Refresh(patient(t)))
	require.Equal(t, 6, viewOf(t, x).Count())
	held.Release()
	require.ErrorIs(t, <-result, syscall.EIO)
	require.Equal(t, 5, viewOf(t, x).Count())
	require.NoError(t, x.Commit(patient(t), flagged(2)))
	require.Equal(t, 5, viewOf(t, x).Count())
}

// TestOpenDuringRotation: files that change while they are read are read again.
func TestOpenDuringRotation(t *testing.T) {
	engine := fault.Wrap(backend.NewSync(0))
	fs, other := openFS(t, engine), openFS(t, nil)
	dir := sample(t, other)
	held := engine.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Suffix: ".log"}.Hold())
	type opened struct {
		x   *Index
		err error
	}
	result := make(chan opened, 1)
	ctx := patient(t)
	go func() {
		x, err := Open(ctx, fs, dir, "dovecot.index", Options{Logger: quiet()})
		result <- opened{x, err}
	}()
	<-held.Reached()
	y := openIndex(t, other, dir, "dovecot.index", Options{})
	l, err := y.Lock(patient(t))
	require.NoError(t, err)
	require.NoError(t, l.Append(patient(t), flagged(4)))
	for range 3 {
		require.NoError(t, l.Rotate(patient(t)))
	}
	require.NoError(t, l.Append(patient(t), flagged(5)))
	require.NoError(t, l.Unlock())
	require.NoError(t, os.Remove(y.files.backup)) // it could stand in
	held.Release()
	o := <-result
	require.NoError(t, o.err)
	require.Equal(t, body(t, viewOf(t, y)), body(t, viewOf(t, o.x)))
	require.NoError(t, o.x.Close())
}

// meddler is an engine on which something happens before a lock is taken.
type meddler struct {
	*fault.Backend
	before func()
}

func (m *meddler) TryLock(h *backend.Handle, path string, kind backend.LockKind) (backend.Lock, bool, error) {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	return m.Backend.TryLock(h, path, kind)
}

// Who gets the lock of a log that was rotated a moment before takes that of the
// new one.
func TestRotationBeforeTheLock(t *testing.T) {
	engine := &meddler{Backend: fault.Wrap(backend.NewSync(0))}
	fs, other := openFS(t, engine), openFS(t, nil)
	dir := sample(t, other)
	x := openIndex(t, fs, dir, "dovecot.index", Options{})
	y := openIndex(t, other, dir, "dovecot.index", Options{})
	engine.before = func() {
		l, err := y.Lock(patient(t))
		require.NoError(t, err)
		require.NoError(t, l.Rotate(patient(t)))
		require.NoError(t, l.Unlock())
	}
	require.NoError(t, x.Commit(patient(t), flagged(5)))
	require.NoError(t, y.Refresh(patient(t)))
	m, err := viewOf(t, y).Find(patient(t), 5)
	require.NoError(t, err)
	require.Equal(t, Flagged, m.Flags)
}
