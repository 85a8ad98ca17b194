package backendtest

import (
	"errors"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var extraCases = []testCase{
	{"read-now", testReadNow},
	{"flock", func(r *rig) { testLock(r, backend.LockFlock) }},
	{"record-lock", func(r *rig) { testLock(r, backend.LockRecord) }},
	{"lock-errors", testLockErrors},
}

// testReadNow: an answer may be refused at any time, but never be wrong.
func testReadNow(r *rig) {
	b, ok := r.b.(backend.NowReader)
	if !ok {
		r.Skipf("%s is no NowReader", r.b.Capabilities().Name)
	}
	data := pattern(1, 20_000)
	h := r.open(r.create("f", data), 0)
	answered := 0
	for _, c := range []struct{ off, size int }{
		{0, 20_000}, {0, 1}, {4096, 4096}, {12_345, 5000}, {19_000, 5000}, {20_000, 10}, {1 << 30, 10}, {0, 0}, {20_000, 0},
	} {
		p := make([]byte, c.size)
		n, ok := b.ReadNow(h, p, int64(c.off))
		if !ok {
			require.Zero(r, n)
			continue
		}
		answered++
		require.LessOrEqual(r, n, c.size)
		want := data[min(c.off, len(data)):]
		require.Equal(r, len(want) == 0 || c.size == 0, n == 0, "n == 0 is the end of the file, at %d", c.off)
		requireSameBytes(r, want[:n], p[:n])
	}
	r.Logf("%d reads answered at once", answered)
	_, ok = b.ReadNow(new(backend.Handle), make([]byte, 1), 0)
	require.False(r, ok, "a handle that is not open")
	dir := r.open(r.dir, backend.OpenDirectory)
	_, ok = b.ReadNow(dir, make([]byte, 1), 0)
	require.False(r, ok, "an error is not an answer")
	_, ok = b.ReadNow(h, make([]byte, 1), -1)
	require.False(r, ok, "a negative offset")
}

// testLock: exclusive between handles of one process, free after Unlock.
func testLock(r *rig, kind backend.LockKind) {
	b, ok := r.b.(backend.Locker)
	if !ok {
		r.Skipf("%s is no Locker", r.b.Capabilities().Name)
	}
	path := r.create("f", nil)
	first, second := r.open(path, backend.OpenWrite), r.open(path, 0)
	for range 3 {
		lock, held, err := b.TryLock(first, path, kind)
		if errors.Is(err, backend.ErrUnsupported) {
			r.Skip(err)
		}
		require.NoError(r, err)
		require.False(r, held)
		for _, h := range []*backend.Handle{first, second} {
			_, held, err = b.TryLock(h, path, kind)
			require.NoError(r, err)
			require.True(r, held)
		}
		r.content(path) // closing another handle of the file changes nothing
		_, held, err = b.TryLock(second, path, kind)
		require.NoError(r, err)
		require.True(r, held)
		require.NoError(r, lock.Unlock())

		lock, held, err = b.TryLock(second, path, kind)
		require.NoError(r, err)
		require.False(r, held)
		require.NoError(r, lock.Unlock())
	}
	other := r.open(r.create("other", nil), 0) // another file is another lock
	lock, _, err := b.TryLock(first, path, kind)
	require.NoError(r, err)
	otherLock, held, err := b.TryLock(other, r.path("other"), kind)
	require.NoError(r, err)
	require.False(r, held)
	require.NoError(r, otherLock.Unlock())
	require.NoError(r, lock.Unlock())
}

func testLockErrors(r *rig) {
	b, ok := r.b.(backend.Locker)
	if !ok {
		r.Skipf("%s is no Locker", r.b.Capabilities().Name)
	}
	for _, kind := range []backend.LockKind{backend.LockFlock, backend.LockRecord} {
		lock, held, err := b.TryLock(new(backend.Handle), "f", kind)
		require.Error(r, err)
		require.False(r, held)
		require.Nil(r, lock)
	}
}
