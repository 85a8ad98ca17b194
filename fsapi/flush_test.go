package fsapi

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// writeUntilFull writes data until nothing more is taken.
func writeUntilFull(t *testing.T, f *File, data []byte) (n int) {
	for n < len(data) {
		m, err := f.Write(data[n:])
		n += m
		if errors.Is(err, ErrAgain) {
			return n
		}
		require.NoError(t, err)
	}
	return n
}

// TestFlushesOverlap: while one write is on its way the next one is already
// with the engine, and no third; whichever ends first, the file is right, and
// what goes wrong with one of them is what the commit says.
func TestFlushesOverlap(t *testing.T) {
	data := noise(8 << 20)
	writes := fault.Kinds(backend.OpWrite, backend.OpWritev)
	for _, failing := range []error{nil, syscall.EIO} {
		onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
			b := fsys.backend.(*fault.Backend)
			path := filepath.Join(t.TempDir(), "file")
			first := fault.Rule{Kinds: writes}.Hold()
			if failing != nil {
				first = first.FailAfter(failing)
			}
			held := b.Add(first)
			second := b.Add(fault.Rule{Kinds: writes}.Hold())
			third := b.Add(fault.Rule{Kinds: writes})
			f := fsys.Create(path, FailIfExists, Perm{})
			n := writeUntilFull(t, f, data)
			within(t, held.Reached())
			within(t, second.Reached())
			require.Less(t, n, len(data))
			require.Zero(t, third.Hits(), "a third write")

			second.Release() // before the first
			if failing == nil {
				held.Release()
				w := NewWriter(soon(t), f)
				_, err := w.Write(data[n:])
				require.NoError(t, err)
				require.NoError(t, w.Commit())
				require.True(t, content(t, path) == string(data))
				require.NoError(t, f.Close())
				return
			}
			held.Release()
			require.ErrorIs(t, NewWriter(soon(t), f).Commit(), failing)
			require.NoError(t, f.Close())
			_, err := os.Stat(path)
			require.ErrorIs(t, err, fs.ErrNotExist)
		}, bothQueued...)
	}
}
