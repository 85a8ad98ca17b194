package fsapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireFull: on a disk that has no room for large, or for a process that may
// write no file as large as that, every way to write it fails with errno and
// names the file, leaves nothing behind, and hurts nothing that was there.
// With room again, the same handles work.
func requireFull(t *testing.T, fs *FS, dir string, errno error, makeRoom func()) {
	put(t, dir+"/old", "old")
	unharmed := func(t *testing.T) {
		t.Helper()
		eventually(t, "leavings", func() bool { return len(names(t, dir)) == 1 }) // a Rollback does not wait
		require.Equal(t, "old", content(t, dir+"/old"))
	}
	full := func(t *testing.T, err error, path string) {
		t.Helper()
		require.ErrorIs(t, err, errno)
		require.ErrorContains(t, err, path)
	}
	files := []*File{
		fs.Create(dir+"/new", FailIfExists, Perm{}),
		fs.Open(dir+"/old", Append),
		fs.Create(dir+"/old", ReplaceIfExists, Perm{}),
	}
	for _, f := range files {
		for range 2 { // the second time after a Rollback
			w := NewWriter(patient(t), f)
			_, err := w.Write([]byte(large))
			if err == nil {
				err = w.Commit()
			}
			full(t, err, f.Path())
			require.Equal(t, err, w.Commit(), "until Rollback")
			require.NoError(t, f.Rollback())
			unharmed(t)
		}
	}
	for range 2 {
		append := files[1]
		write(t, append, large[:maxUnwritten/2]) // stays in memory, and fits in part
		full(t, NewWriter(patient(t), append).Commit(), append.Path())
		require.NoError(t, append.Rollback())
		unharmed(t)
	}
	makeRoom()
	for i, want := range []string{large, "old" + large, large} {
		w := NewWriter(patient(t), files[i])
		_, err := w.Write([]byte(large))
		require.NoError(t, err)
		require.NoError(t, w.Commit())
		require.True(t, want == content(t, files[i].Path()), files[i].Path())
		require.NoError(t, files[i].Close())
	}
}

// eventually polls for what happens in its own time.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 5000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.Fail(t, what)
}
