//go:build linux || darwin

package backend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOpenInDirectory: Op.Dir changes how a file is looked for, not which one.
func TestOpenInDirectory(t *testing.T) {
	root := t.TempDir()
	dir, sub := filepath.Join(root, "dir"), filepath.Join(root, "dir", "sub")
	require.NoError(t, os.MkdirAll(sub, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("in dir"), 0o600))
	handle := new(Handle)
	Execute(&Op{Kind: OpOpen, Path: dir, Open: OpenDirectory, Handle: handle})
	require.True(t, handle.IsOpen())
	defer Execute(&Op{Kind: OpClose, Handle: handle})
	require.NoError(t, os.Rename(dir, filepath.Join(root, "moved")))
	for _, c := range []struct {
		path    string
		dir     *Handle
		relates bool // to dir
	}{
		{filepath.Join(dir, "f"), handle, true},
		{"f", handle, true},
		{filepath.Join(dir, "f"), nil, false},
		{filepath.Join(dir, "f"), new(Handle), false},
		{filepath.Join(dir, "f") + "/", handle, false},
		{sub + "/..", handle, false},
		{sub + "/.", handle, false},
	} {
		op := &Op{Kind: OpOpen, Path: c.path, Dir: c.dir, Handle: new(Handle)}
		Execute(op)
		if !c.relates {
			require.ErrorIs(t, op.Err, os.ErrNotExist, c.path)
			continue
		}
		require.NoError(t, op.Err, c.path)
		Execute(&Op{Kind: OpClose, Handle: op.Handle})
	}
	missing := &Op{Kind: OpOpen, Path: filepath.Join(dir, "g"), Dir: handle, Handle: new(Handle)}
	Execute(missing)
	require.EqualError(t, missing.Err, "open "+filepath.Join(dir, "g")+": no such file or directory")
}
