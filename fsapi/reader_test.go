package fsapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

func TestReaderIsAReader(t *testing.T) {
	for _, size := range []int{0, 1, 3000, 40_000} {
		data := noise(size)
		path := fileOf(t, data)
		onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
			f := fsys.Open(path, ReadOnly)
			defer f.Close()
			require.NoError(t, iotest.TestReader(NewReader(soon(t), f), data))
		})
	}
}

type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

var errFull = errors.New("full")

func TestReaderWritesTo(t *testing.T) {
	data := noise(700_000)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		r := NewReader(soon(t), f)
		_, err := r.Seek(-650_000, io.SeekEnd)
		require.NoError(t, err)
		var got bytes.Buffer
		n, err := io.Copy(&got, r)
		require.NoError(t, err)
		require.EqualValues(t, 650_000, n)
		require.True(t, bytes.Equal(data[50_000:], got.Bytes()))

		_, err = r.Seek(0, io.SeekStart)
		require.NoError(t, err)
		n, err = r.WriteTo(&failingWriter{200_000})
		require.Equal(t, errFull, err)
		require.EqualValues(t, 200_000, n)

		p := make([]byte, 100)
		k, err := r.ReadAt(p, 699_950)
		require.Equal(t, io.EOF, err)
		require.Equal(t, data[699_950:], p[:k])
		_, err = r.ReadAt(p, -1)
		require.ErrorIs(t, err, backend.ErrInvalid)
	}, "sync-queued", "threadpool", "uring", "uring-queued")
}

// TestReaderMeetsAnError: what was good comes first.
func TestReaderMeetsAnError(t *testing.T) {
	data := noise(3_000_000)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead), Skip: 1}.FailPartial(77, syscall.EIO))
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		var got bytes.Buffer
		n, err := NewReader(soon(t), f).WriteTo(&got)
		require.ErrorIs(t, err, syscall.EIO)
		require.EqualValues(t, got.Len(), n)
		require.Equal(t, 77, got.Len()%4096)
		require.True(t, bytes.HasPrefix(data, got.Bytes()))
	}, bothQueued...)
}

func TestWriter(t *testing.T) {
	data := noise(6 << 20)
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit, Sync: SyncNever}, func(t *testing.T, fsys *FS) {
		path := filepath.Join(t.TempDir(), "f")
		f := fsys.Create(path, FailIfExists, Perm{})
		defer f.Close()
		w := NewWriter(soon(t), f)
		n, err := w.ReadFrom(iotest.HalfReader(bytes.NewReader(data)))
		require.NoError(t, err)
		require.EqualValues(t, len(data), n)
		n, err = w.ReadFrom(iotest.TimeoutReader(strings.NewReader("ab")))
		require.ErrorIs(t, err, iotest.ErrTimeout)
		require.EqualValues(t, 2, n)
		require.ErrorIs(t, w.CommitAs(""), backend.ErrInvalid)
		require.NoError(t, w.Commit())
		require.NoError(t, w.Commit(), "nothing to do")
		require.ErrorIs(t, w.CommitAs("g"), ErrNamed)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(append(bytes.Clone(data), "ab"...), got))

		r := fsys.Open(path, ReadOnly)
		_, err = NewWriter(soon(t), r).Write([]byte("x"))
		require.ErrorIs(t, err, ErrNotWritable)
		require.NoError(t, r.Close())
		_, err = NewWriter(soon(t), r).Write([]byte("x"))
		require.ErrorIs(t, err, ErrClosed)
	}, "sync", "threadpool", "uring", "uring-queued")
}

// TestWriterIsCancelled in the middle of writing and of a commit, and goes on
// with another context.
func TestWriterIsCancelled(t *testing.T) {
	data := noise(8 << 20)
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit, Sync: SyncNever}, func(t *testing.T, fsys *FS) {
		b := fsys.backend.(*fault.Backend)
		path := filepath.Join(t.TempDir(), "f")
		f := fsys.Create(path, FailIfExists, Perm{})
		defer f.Close()
		held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev)}.Hold())
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-held.Reached(); cancel() }()
		n, err := NewWriter(ctx, f).Write(data)
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, n, len(data))
		held.Release()
		m, err := NewWriter(soon(t), f).Write(data[n:])
		require.NoError(t, err)
		require.Equal(t, len(data), n+m)

		held = b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRename)}.Hold())
		ctx, cancel = context.WithCancel(context.Background())
		go func() { <-held.Reached(); cancel() }()
		require.ErrorIs(t, NewWriter(ctx, f).Commit(), context.Canceled)
		_, err = NewWriter(ctx, f).Write(nil)
		require.ErrorIs(t, err, context.Canceled, "a blocking Write never says ErrAgain")
		held.Release()
		require.NoError(t, NewWriter(soon(t), f).Commit())
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
	}, bothQueued...)
}
