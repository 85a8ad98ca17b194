package backend

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// do executes op, which must succeed.
func do(t testing.TB, op *Op) *Op {
	t.Helper()
	Execute(op)
	require.NoError(t, op.Err)
	return op
}

// opened returns a handle that is closed when the test ends.
func opened(t testing.TB, path string, flags OpenFlag) *Handle {
	t.Helper()
	h := &Handle{}
	do(t, &Op{Kind: OpOpen, Path: path, Open: flags, Mode: 0o600, Handle: h})
	t.Cleanup(func() {
		if h.IsOpen() {
			do(t, &Op{Kind: OpClose, Handle: h})
		}
	})
	return h
}

func written(t testing.TB, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func requireContent(t testing.TB, want, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

func TestRead(t *testing.T) {
	h := opened(t, written(t, "0123456789"), 0)
	for _, c := range []struct {
		name string
		off  int64
		bufs []int // sizes
		want string
		eof  bool
	}{
		{"all but the last", 0, []int{9}, "012345678", false},
		{"exactly all", 0, []int{10}, "0123456789", false}, // nobody has seen the end yet
		{"more than all", 0, []int{11}, "0123456789", true},
		{"the middle", 4, []int{3}, "456", false},
		{"at the end", 10, []int{1}, "", true},
		{"after the end", 1 << 40, []int{5}, "", true},
		{"nothing", 3, []int{0}, "", false},
		{"nothing at the end", 10, []int{0}, "", false},
		{"no buffers", 3, nil, "", false},
		{"parts", 2, []int{3, 2}, "23456", false},
		{"parts with empty ones", 2, []int{0, 3, 0, 0, 2, 0}, "23456", false},
		{"parts beyond the end", 7, []int{2, 2, 9}, "789", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			op := &Op{Kind: OpReadv, Handle: h, Off: c.off}
			size := 0
			for _, n := range c.bufs {
				op.Bufs = append(op.Bufs, make([]byte, n))
				size += n
			}
			do(t, op)
			require.Equal(t, c.want, string(bytes.Join(op.Bufs, nil)[:op.N]))
			require.Equal(t, c.eof, op.EOF)

			op = do(t, &Op{Kind: OpRead, Handle: h, Off: c.off, Buf: make([]byte, size)})
			require.Equal(t, c.want, string(op.Buf[:op.N]))
			require.Equal(t, c.eof, op.EOF)
		})
	}
}

func TestWrite(t *testing.T) {
	path := written(t, "0123456789")
	h := opened(t, path, OpenWrite)
	op := do(t, &Op{Kind: OpWrite, Handle: h, Off: 2, Buf: []byte("ab")})
	require.Equal(t, 2, op.N)
	requireContent(t, "01ab456789", path)
	op = do(t, &Op{Kind: OpWritev, Handle: h, Off: 8, Bufs: [][]byte{{}, []byte("c"), nil, []byte("def")}})
	require.Equal(t, 4, op.N)
	requireContent(t, "01ab4567cdef", path)
	op = do(t, &Op{Kind: OpWrite, Handle: h, Off: 100})
	require.Zero(t, op.N)
	requireContent(t, "01ab4567cdef", path)
	do(t, &Op{Kind: OpWrite, Handle: h, Off: 14, Buf: []byte("!")})
	requireContent(t, "01ab4567cdef\x00\x00!", path)
}

func TestTransfersOnTheWrongHandle(t *testing.T) {
	path := written(t, "content")
	op := &Op{Kind: OpWrite, Path: path, Handle: opened(t, path, 0), Buf: []byte("x"), Off: 3}
	Execute(op)
	require.ErrorContains(t, op.Err, "write "+path+": at offset 3: ")
	requireContent(t, "content", path)
}

func TestOpenFlags(t *testing.T) {
	dir := t.TempDir()
	file, absent := filepath.Join(dir, "file"), filepath.Join(dir, "absent")
	for _, c := range []struct {
		name  string
		path  string
		flags OpenFlag
		err   error
		after string // content
	}{
		{"reading", file, 0, nil, "old"},
		{"nothing there", absent, 0, fs.ErrNotExist, ""},
		{"nothing there to write to", absent, OpenWrite, fs.ErrNotExist, ""},
		{"create keeps", file, OpenCreate, nil, "old"},
		{"create makes", absent, OpenCreate, nil, ""},
		{"exclusive finds one", file, OpenCreate | OpenExclusive, fs.ErrExist, "old"},
		{"exclusive makes", absent, OpenCreate | OpenExclusive, nil, ""},
		{"truncate", file, OpenWrite | OpenTruncate, nil, ""},
		{"below a missing directory", filepath.Join(absent, "x"), OpenCreate, fs.ErrNotExist, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
			os.Remove(absent)
			h := &Handle{}
			op := &Op{Kind: OpOpen, Path: c.path, Open: c.flags, Mode: 0o600, Handle: h}
			Execute(op)
			require.Equal(t, c.err == nil, h.IsOpen())
			if c.err != nil {
				require.ErrorIs(t, op.Err, c.err)
				require.ErrorContains(t, op.Err, "open "+c.path)
			} else {
				require.NoError(t, op.Err)
				requireContent(t, c.after, c.path)
				do(t, &Op{Kind: OpClose, Handle: h})
				require.False(t, h.IsOpen())
			}
		})
	}
}

func TestOpenDirectory(t *testing.T) {
	h := opened(t, t.TempDir(), OpenDirectory)
	do(t, &Op{Kind: OpSync, Handle: h})
	op := &Op{Kind: OpOpen, Path: written(t, ""), Open: OpenDirectory, Handle: &Handle{}}
	Execute(op)
	require.Error(t, op.Err)
	require.False(t, op.Handle.IsOpen())
}

func TestSizeAndSync(t *testing.T) {
	path := written(t, "0123456789")
	h := opened(t, path, OpenWrite)
	do(t, &Op{Kind: OpTruncate, Handle: h, Off: 4})
	requireContent(t, "0123", path)
	do(t, &Op{Kind: OpTruncate, Handle: h, Off: 6})
	requireContent(t, "0123\x00\x00", path)
	do(t, &Op{Kind: OpAllocate, Handle: h, Off: 0, Len: 1 << 16})
	requireContent(t, "0123\x00\x00", path)
	for _, k := range []Kind{OpSync, OpDatasync, OpSyncRange} {
		do(t, &Op{Kind: k, Handle: h, Len: 6})
	}
	readOnly := &Op{Kind: OpTruncate, Handle: opened(t, path, 0), Path: path}
	Execute(readOnly)
	require.ErrorContains(t, readOnly.Err, "truncate "+path)
	requireContent(t, "0123\x00\x00", path)
}

func TestStat(t *testing.T) {
	path := written(t, "12345")
	byPath := do(t, &Op{Kind: OpStat, Path: path}).Info
	byHandle := do(t, &Op{Kind: OpStat, Handle: opened(t, path, 0), Path: "ignored"}).Info
	require.Equal(t, byPath, byHandle)
	require.EqualValues(t, 5, byPath.Size)
	require.True(t, byPath.Mode.IsRegular())
	want, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, want.Mode(), byPath.Mode)
	require.True(t, want.ModTime().Equal(byPath.ModTime))
	require.True(t, do(t, &Op{Kind: OpStat, Path: filepath.Dir(path)}).Info.Mode.IsDir())

	op := &Op{Kind: OpStat, Path: path + "x"}
	Execute(op)
	require.ErrorIs(t, op.Err, fs.ErrNotExist)
	require.Equal(t, Info{}, op.Info)
}

func TestExecuteForgetsTheLastUse(t *testing.T) {
	path := written(t, "content")
	op := &Op{Kind: OpRead, Handle: opened(t, path, 0), Buf: make([]byte, 20)}
	do(t, op)
	require.Equal(t, 7, op.N)
	op.Entries = []fs.DirEntry{nil}
	op.Info.Size = 1
	CancelChain([]*Op{op})
	require.ErrorIs(t, op.Err, ErrCanceled)
	require.Equal(t, []any{0, false, Info{}, []fs.DirEntry(nil)}, []any{op.N, op.EOF, op.Info, op.Entries})
	do(t, op)
	op.Off = 7
	do(t, op)
	require.Zero(t, op.N)
}

func TestExecuteChain(t *testing.T) {
	path := written(t, "content")
	h := &Handle{}
	chain := []*Op{
		{Kind: OpOpen, Path: path, Handle: h},
		{Kind: OpRead, Handle: h, Buf: make([]byte, 7)},
		{Kind: OpUnlink, Path: path + "x"}, // fails
		{Kind: OpUnlink, Path: path},
		{Kind: OpClose, Handle: h},
		{Kind: OpClose, Handle: h},
	}
	ExecuteChain(chain)
	require.NoError(t, chain[0].Err)
	require.Equal(t, "content", string(chain[1].Buf))
	require.ErrorIs(t, chain[2].Err, fs.ErrNotExist)
	require.ErrorIs(t, chain[3].Err, ErrCanceled)
	require.FileExists(t, path)
	require.NoError(t, chain[4].Err, "an open handle is closed all the same")
	require.ErrorIs(t, chain[5].Err, ErrCanceled, "and only once")
	require.False(t, h.IsOpen())
}
