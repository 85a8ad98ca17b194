package fsapi

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func TestInputStream(t *testing.T) {
	data := noise(20_000)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		s := NewInputStream(f)
		called := make(chan bool, 1)
		s.SetCallback(func() { called <- true })
		var got []byte
		one := make([]byte, 1)
		for len(got) < 15_000 { // one byte at a time
			n, err := s.Read(one)
			got = append(got, one[:n]...)
			if err == ErrAgain {
				within(t, called)
			} else {
				require.NoError(t, err)
			}
		}
		require.True(t, bytes.Equal(data[:15_000], got))

		for _, c := range []struct {
			offset int64
			whence int
			want   int64
			err    error
		}{
			{10, io.SeekStart, 10, nil},
			{90, io.SeekCurrent, 100, nil},
			{-200, io.SeekCurrent, 0, backend.ErrInvalid},
			{-1, io.SeekStart, 0, backend.ErrInvalid},
			{0, io.SeekEnd, 0, errors.ErrUnsupported},
			{0, 7, 0, backend.ErrInvalid},
			{-1, io.SeekCurrent, 99, nil},
		} {
			off, err := s.Seek(c.offset, c.whence)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, off)
		}
		got = nil
		for {
			n, err := s.Read(one)
			got = append(got, one[:n]...)
			if err == io.EOF {
				break
			}
			if err == ErrAgain {
				within(t, called)
			} else {
				require.NoError(t, err)
			}
		}
		require.True(t, bytes.Equal(data[99:], got))

		missing := fsys.Open(path+"x", ReadOnly)
		defer missing.Close()
		_, err := io.ReadAll(NewReader(soon(t), missing))
		require.ErrorIs(t, err, os.ErrNotExist)
		_, err = NewInputStream(missing).Read(one)
		require.ErrorIs(t, err, os.ErrNotExist)
	}, "sync", "threadpool", "uring", "uring-queued")
}

func TestOutputStream(t *testing.T) {
	data := noise(5 << 20)
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit, Sync: SyncNever}, func(t *testing.T, fsys *FS) {
		path := filepath.Join(t.TempDir(), "f")
		f := fsys.Create(path, FailIfExists, Perm{})
		defer f.Close()
		s := NewOutputStream(f)
		called := make(chan bool, 1)
		s.SetFlushCallback(func() { called <- true })
		again := func(err error) bool {
			if err == ErrAgain {
				within(t, called)
				return true
			}
			require.NoError(t, err)
			return false
		}
		for i := range 20_000 { // one byte at a time
			for {
				n, err := s.Write(data[i : i+1])
				if n == 1 {
					require.NoError(t, err)
					break
				}
				again(err)
			}
		}
		for rest := data[20_000:]; len(rest) > 0; {
			n, err := s.Write(rest)
			rest = rest[n:]
			require.True(t, len(rest) == 0 || err == ErrAgain, "a short write says why")
			again(err)
		}
		for again(s.Flush()) {
		}
		_, err := os.Stat(path)
		require.ErrorIs(t, err, os.ErrNotExist, "flushed is not committed")
		for again(f.Commit()) {
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
		require.NoError(t, s.Flush(), "nothing left")

		require.NoError(t, f.Close())
		_, err = s.Write(data[:100])
		if err == nil {
			err = s.Flush()
		}
		require.ErrorIs(t, err, ErrClosed)
		_, err = s.Write(data[:100_000])
		require.ErrorIs(t, err, ErrClosed)
	}, "sync", "threadpool", "uring")
}
