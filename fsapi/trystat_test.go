package fsapi

import (
	"context"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// statWait repeats a TryStat until it says something, as wait tells.
func statWait(t *testing.T, f *File, wait func(context.Context) error) (iofs.FileInfo, error) {
	for {
		info, err := f.TryStat()
		if err != ErrAgain {
			return info, err
		}
		require.NoError(t, wait(soon(t)))
	}
}

func TestTryStat(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		path := fileOf(t, noise(1234))
		for _, mode := range []OpenMode{ReadOnly, Append} {
			f := fsys.Open(path, mode)
			info, err := statWait(t, f, f.Wait)
			require.NoError(t, err)
			want, err := f.Stat(soon(t))
			require.NoError(t, err)
			require.Equal(t, want, info)
			require.True(t, info.Sys().(Info).SameFile(want.Sys().(Info)))
			require.NoError(t, os.Truncate(path, 1000))
			info, err = statWait(t, f, fsys.Wait)
			require.NoError(t, err)
			require.EqualValues(t, 1000, info.Size(), "each answer is fetched once")
			require.NoError(t, os.Truncate(path, 1234))
			require.NoError(t, f.Close())
			_, err = f.TryStat()
			require.ErrorIs(t, err, ErrClosed)
		}
		missing := fsys.Open(path+"x", ReadOnly)
		defer missing.Close()
		_, err := statWait(t, missing, fsys.Wait)
		require.ErrorIs(t, err, os.ErrNotExist)
		fresh := fsys.Create(filepath.Join(t.TempDir(), "f"), FailIfExists, Perm{})
		defer fresh.Close()
		_, err = fresh.TryStat()
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

// TestTryStatCalls the input callback, once, for the answer and for the open
// that has failed.
func TestTryStatCalls(t *testing.T) {
	path := fileOf(t, noise(100))
	for name, c := range map[string]struct {
		kind  backend.Kind
		cause error
	}{
		"stat":            {backend.OpStat, nil},
		"open":            {backend.OpOpen, nil},
		"the stat fails":  {backend.OpStat, syscall.EIO},
		"the open fails":  {backend.OpOpen, syscall.EMFILE},
		"nobody is there": {backend.OpOpen, syscall.ENOENT},
	} {
		t.Run(name, func(t *testing.T) {
			onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
				rule := fault.Rule{Kinds: fault.Kinds(c.kind)}.Hold()
				if c.cause != nil {
					rule = rule.Fail(c.cause)
				}
				held := fsys.backend.(*fault.Backend).Add(rule)
				f := fsys.Open(path, ReadOnly)
				defer f.Close()
				called := make(chan bool, 10)
				f.SetInputCallback(func() { called <- true })
				_, err := f.TryStat()
				require.Equal(t, ErrAgain, err)
				within(t, held.Reached())
				_, err = f.TryStat()
				require.Equal(t, ErrAgain, err)
				short, cancel := context.WithCancel(soon(t))
				cancel()
				require.ErrorIs(t, f.Wait(short), context.Canceled, "it is waited for")
				require.Empty(t, called)
				held.Release()
				within(t, called)
				require.NoError(t, fsys.Wait(soon(t)))
				_, err = f.TryStat()
				require.ErrorIs(t, err, c.cause)
				require.Empty(t, called)
			}, bothQueued...)
		})
	}
}

// TestTryStatAfterLock: an answer from before the lock says nothing about what
// its holder has done before us.
func TestTryStatAfterLock(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		path := fileOf(t, noise(100))
		f := fsys.Open(path, Append)
		defer f.Close()
		called := make(chan bool, 10)
		f.SetInputCallback(func() { called <- true })
		_, err := f.TryStat()
		require.Equal(t, ErrAgain, err)
		within(t, called) // the answer is there, and not fetched
		require.NoError(t, os.Truncate(path, 50))
		require.NoError(t, f.TryLock())
		info, err := statWait(t, f, f.Wait)
		require.NoError(t, err)
		require.EqualValues(t, 50, info.Size())
	}, bothQueued...)
}

// TestTryStatAndClose: a question that is under way holds nothing up, and
// nothing is left.
func TestTryStatAndClose(t *testing.T) {
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		for _, kind := range []backend.Kind{backend.OpOpen, backend.OpStat} {
			held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(kind)}.Hold())
			f := fsys.Open(path, ReadOnly)
			_, err := f.TryStat()
			require.Equal(t, ErrAgain, err)
			within(t, held.Reached())
			require.NoError(t, f.Close())
			held.Release()
			require.Eventually(t, func() bool { return fsys.Stats().OpenFiles == 0 }, timeLimit, tick)
		}
	}, bothQueued...)
}
