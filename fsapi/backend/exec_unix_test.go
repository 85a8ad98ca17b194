//go:build linux || darwin

package backend

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func skipUnsupported(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
}

// umask is in force until the test ends; the tests of this package run one
// after the other.
func umask(t *testing.T, mask int) {
	old := unix.Umask(mask)
	t.Cleanup(func() { unix.Umask(old) })
}

func TestExactMode(t *testing.T) {
	for _, mask := range []int{0, 0o077, 0o777} {
		for _, mode := range []fs.FileMode{0, 0o600, 0o640, 0o666, 0o777, 0o700 | fs.ModeSetuid, 0o750 | fs.ModeSetgid, 0o770 | fs.ModeSticky} {
			path := filepath.Join(t.TempDir(), "f")
			umask(t, mask)
			h := &Handle{}
			op := do(t, &Op{Kind: OpOpen, Path: path, Open: OpenCreate | OpenExclusive, Mode: mode, Exact: true, Handle: h})
			require.Equal(t, mode, do(t, &Op{Kind: OpStat, Handle: h}).Info.Mode, "umask %o", mask)
			do(t, &Op{Kind: OpClose, Handle: h})

			do(t, &Op{Kind: OpUnlink, Path: path})
			op.Exact = false
			do(t, op)
			require.Equal(t, mode.Perm()&^fs.FileMode(mask), do(t, &Op{Kind: OpStat, Handle: h}).Info.Mode.Perm(), "the umask counts")
			do(t, &Op{Kind: OpClose, Handle: h})
			umask(t, 0o022)
		}
	}
}

func TestGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files to any group")
	}
	umask(t, 0) // so that the mode is right until the group changes
	group := 12345
	for _, mode := range []fs.FileMode{0o640, 0o770 | fs.ModeSetgid, 0o700 | fs.ModeSetuid} {
		path := filepath.Join(t.TempDir(), "f")
		h := &Handle{}
		do(t, &Op{Kind: OpOpen, Path: path, Open: OpenCreate | OpenExclusive, Mode: mode, Exact: true, Group: &group, Handle: h})
		info := do(t, &Op{Kind: OpStat, Handle: h}).Info
		do(t, &Op{Kind: OpClose, Handle: h})
		require.EqualValues(t, group, info.GID)
		require.Equal(t, mode, info.Mode, "changing the group does not cost set-id bits")
	}
}

// TestGroupThatFails: no file is left that has the wrong permissions, and no
// file is removed that was there before.
func TestGroupThatFails(t *testing.T) {
	impossible := -2
	for _, c := range []struct {
		name  string
		flags OpenFlag
		left  bool
	}{
		{"created", OpenCreate | OpenExclusive, false},
		{"found", OpenCreate, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t, "")
			op := &Op{Kind: OpOpen, Path: path, Open: c.flags, Exact: true, Group: &impossible, Handle: &Handle{}}
			require.ErrorIs(t, Opened(op, 1<<20), syscall.EBADF) // no such descriptor
			require.False(t, op.Handle.IsOpen())
			_, err := os.Stat(path)
			require.Equal(t, c.left, err == nil)
		})
	}
}

func TestStatFindsIdentity(t *testing.T) {
	path := written(t, "")
	other := path + "2"
	require.NoError(t, os.Link(path, other))
	info := do(t, &Op{Kind: OpStat, Path: path}).Info
	require.EqualValues(t, 2, info.Links)
	require.EqualValues(t, os.Getuid(), info.UID)
	require.True(t, info.SameFile(do(t, &Op{Kind: OpStat, Path: other}).Info))
	require.False(t, info.SameFile(do(t, &Op{Kind: OpStat, Path: filepath.Dir(path)}).Info))
	require.False(t, Info{}.SameFile(Info{}))
}

func TestModesConvert(t *testing.T) {
	for _, c := range []struct {
		unix uint32
		mode fs.FileMode
	}{
		{unix.S_IFREG | 0o644, 0o644},
		{unix.S_IFDIR | unix.S_ISVTX | 0o777, fs.ModeDir | fs.ModeSticky | 0o777},
		{unix.S_IFLNK | 0o777, fs.ModeSymlink | 0o777},
		{unix.S_IFIFO, fs.ModeNamedPipe},
		{unix.S_IFSOCK, fs.ModeSocket},
		{unix.S_IFBLK, fs.ModeDevice},
		{unix.S_IFCHR, fs.ModeDevice | fs.ModeCharDevice},
		{unix.S_IFREG | unix.S_ISUID | unix.S_ISGID | 0o755, fs.ModeSetuid | fs.ModeSetgid | 0o755},
	} {
		require.Equal(t, c.mode, GoMode(c.unix))
		require.Equal(t, c.unix&0o7777, UnixMode(c.mode))
	}
}

func TestErrnosOfEachKind(t *testing.T) {
	path := written(t, "content")
	dir := filepath.Dir(path)
	file, directory := opened(t, path, 0), opened(t, dir, OpenDirectory)
	closed := &Handle{}
	closed.SetFD(1 << 20) // no such descriptor
	for _, c := range []struct {
		op   Op
		want error
	}{
		{Op{Kind: OpOpen, Path: path + "/x", Handle: &Handle{}}, syscall.ENOTDIR},
		{Op{Kind: OpOpen, Path: path, Open: OpenDirectory, Handle: &Handle{}}, syscall.ENOTDIR},
		{Op{Kind: OpOpen, Path: dir, Open: OpenWrite, Handle: &Handle{}}, syscall.EISDIR},
		{Op{Kind: OpOpen, Path: path, Open: OpenUnnamed, Mode: 0o600, Handle: &Handle{}}, syscall.ENOTDIR},
		{Op{Kind: OpRead, Handle: directory, Buf: make([]byte, 1)}, syscall.EISDIR},
		{Op{Kind: OpReadv, Handle: directory, Bufs: [][]byte{make([]byte, 1)}}, syscall.EISDIR},
		{Op{Kind: OpRead, Handle: closed, Buf: make([]byte, 1)}, syscall.EBADF},
		{Op{Kind: OpWrite, Handle: file, Buf: make([]byte, 1)}, syscall.EBADF},
		{Op{Kind: OpWritev, Handle: file, Bufs: [][]byte{make([]byte, 1)}}, syscall.EBADF},
		{Op{Kind: OpSync, Handle: closed}, syscall.EBADF},
		{Op{Kind: OpDatasync, Handle: closed}, syscall.EBADF},
		{Op{Kind: OpTruncate, Handle: closed}, syscall.EBADF},
		{Op{Kind: OpStat, Handle: closed}, syscall.EBADF},
		{Op{Kind: OpClose, Handle: closed}, syscall.EBADF},
		{Op{Kind: OpRename, Path: dir, NewPath: dir + "/sub"}, syscall.EINVAL},
		{Op{Kind: OpRename, Path: path, NewPath: dir}, fs.ErrExist},
		{Op{Kind: OpUnlink, Path: path, Directory: true}, syscall.ENOTDIR},
		{Op{Kind: OpUnlink, Path: dir, Directory: true}, syscall.ENOTEMPTY},
		{Op{Kind: OpReadDir, Path: path}, syscall.ENOTDIR},
		{Op{Kind: OpLink, Path: path, NewPath: path}, fs.ErrExist},
	} {
		Execute(&c.op)
		require.ErrorIs(t, c.op.Err, c.want, "%v: %v", c.op.Kind, c.op.Err)
		require.Zero(t, c.op.N)
	}
	require.False(t, closed.IsOpen(), "a handle is empty after a close, whatever it said")
}

func TestLongVectors(t *testing.T) {
	path := written(t, "")
	h := opened(t, path, OpenWrite)
	var parts, back [][]byte
	var all []byte
	for i := range 3000 { // more than one system call takes
		parts = append(parts, []byte{byte(i), byte(i >> 8), 'x'})
		all = append(all, parts[i]...)
		back = append(back, make([]byte, 3))
	}
	require.Equal(t, len(all), do(t, &Op{Kind: OpWritev, Handle: h, Off: 5, Bufs: parts}).N)
	requireContent(t, "\x00\x00\x00\x00\x00"+string(all), path)
	op := do(t, &Op{Kind: OpReadv, Handle: h, Off: 5, Bufs: back})
	require.Equal(t, len(all), op.N)
	require.Equal(t, parts, back)
}

func TestRest(t *testing.T) {
	bufs := [][]byte{{1, 2}, {}, {3, 4, 5}, {6}}
	for n, want := range [][][]byte{
		{{1, 2}, {}, {3, 4, 5}, {6}}, {{2}, {}, {3, 4, 5}, {6}}, {{3, 4, 5}, {6}}, {{4, 5}, {6}}, {{5}, {6}}, {{6}}, {},
	} {
		require.Equal(t, want, append([][]byte{}, Rest(bufs, n)...), "after %d bytes", n)
	}
	require.Equal(t, [][]byte{{1, 2}, {}, {3, 4, 5}, {6}}, bufs, "the caller's slices are as they were")
	require.Empty(t, Rest(nil, 0))
	require.Empty(t, Rest([][]byte{{}, {}}, 0))
}
