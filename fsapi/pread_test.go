package fsapi

import (
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestFirstPreadSaysWhatIsWrong: Open says nothing.
func TestFirstPreadSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	for _, c := range []struct {
		name, path string
		want       error
	}{
		{"missing", filepath.Join(dir, "missing"), fs.ErrNotExist},
		{"missing directory", filepath.Join(dir, "no", "file"), fs.ErrNotExist},
		{"a file in the way", filepath.Join(file, "x"), syscall.ENOTDIR},
		{"a directory", dir, syscall.EISDIR},
		{"too long", filepath.Join(dir, strings.Repeat("x", 300)), syscall.ENAMETOOLONG},
		{"empty", "", fs.ErrNotExist},
		{"NUL", "a\x00b", backend.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
				if c.want == syscall.ENOTDIR || c.want == syscall.EISDIR || c.want == syscall.ENAMETOOLONG {
					onlyUnix(t)
				}
				f := fsys.Open(c.path, ReadOnly)
				defer f.Close()
				for range 3 {
					n, err := preadWait(soon(t), f, make([]byte, 10), 0)
					require.Zero(t, n)
					require.ErrorIs(t, err, c.want)
					var pe *fs.PathError
					require.ErrorAs(t, err, &pe)
					require.Equal(t, c.path, pe.Path)
				}
			})
		})
	}
}

func TestPreadBounds(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx := soon(t)
		for _, size := range []int{0, 1, 4095, 4096, firstWindow - 1, firstWindow, firstWindow + 1, 64 << 10, 3<<20 + 17} {
			data := noise(size)
			f := fsys.Open(fileOf(t, data), ReadOnly)
			n, err := f.Pread(nil, 0)
			require.NoError(t, err)
			require.Zero(t, n)
			_, err = f.Pread(make([]byte, 1), -1)
			require.ErrorIs(t, err, backend.ErrInvalid)
			got, err := readRest(ctx, f, 0)
			require.NoError(t, err)
			require.True(t, string(data) == string(got), "size %d", size)
			for _, off := range []int64{int64(size), int64(size) + 1, 1 << 40, math.MaxInt64 - 1<<20, math.MaxInt64 - 1, math.MaxInt64} {
				n, err := preadWait(ctx, f, make([]byte, 100), off)
				require.Equal(t, io.EOF, err, "size %d, offset %d", size, off)
				require.Zero(t, n)
			}
			require.NoError(t, f.Close())
			_, err = f.Pread(make([]byte, 1), 0)
			require.ErrorIs(t, err, ErrClosed)
		}
	})
}

// TestPreadMixture: whatever the order and the sizes, the data is the file's.
func TestPreadMixture(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		r, ctx := seeded(t), soon(t)
		for _, size := range []int{1, 5000, 100_000, 2_500_000} {
			data := noise(size)
			f := fsys.Open(fileOf(t, data), ReadOnly)
			off := int64(0)
			p := make([]byte, 2<<20)
			for range 300 {
				if r.IntN(4) == 0 {
					off = r.Int64N(int64(size) + 10)
				}
				want := 1 + r.IntN(1<<(1+r.IntN(21)))
				n, err := f.Pread(p[:want], off)
				if err == ErrAgain && r.IntN(3) > 0 { // else it is given up
					n, err = preadWait(ctx, f, p[:want], off)
				}
				switch {
				case err == ErrAgain:
				case off >= int64(size):
					require.Equal(t, io.EOF, err)
				default:
					require.NoError(t, err)
					require.Positive(t, n)
					require.True(t, string(data[off:off+int64(n)]) == string(p[:n]), "%d bytes at %d", n, off)
					off += int64(n)
				}
			}
			require.NoError(t, f.Close())
		}
	})
}

// TestPreadSeesGrowth: the end is where it is when it is asked for, not where
// it was when something else was read.
func TestPreadSeesGrowth(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, p := soon(t), make([]byte, 100)
		path := fileOf(t, []byte("first"))
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		n, err := preadWait(ctx, f, p, 0)
		require.NoError(t, err)
		require.Equal(t, "first", string(p[:n]))
		for _, more := range []string{"second", "third"} {
			off := appendTo(t, path, more)
			n, err = preadWait(ctx, f, p, off)
			require.NoError(t, err)
			require.Equal(t, more, string(p[:n]))
		}
		n, err = preadWait(ctx, f, p, 16)
		require.Equal(t, io.EOF, err)
		require.Zero(t, n)
	})
}

// TestLockedReaderSeesGrowth: who has the lock sees what the last one who had
// it has appended, even if he has asked for it before.
func TestLockedReaderSeesGrowth(t *testing.T) {
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, p := soon(t), make([]byte, 100)
		path := fileOf(t, []byte("first"))
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		_, err := readRest(ctx, f, 0)
		require.NoError(t, err)
		for {
			if _, err := f.Pread(p, 5); err == ErrAgain {
				require.NoError(t, f.Wait(ctx))
			}
			appendTo(t, path, "more")
			if err = f.TryLock(); err == nil {
				break
			}
			require.Equal(t, ErrAgain, err)
		}
		n, err := preadWait(ctx, f, p, 5)
		require.NoError(t, err)
		require.Equal(t, "more", string(p[:n]))
	})
}

func appendTo(t *testing.T, path, data string) (off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	_, err = f.WriteString(data)
	require.NoError(t, err)
	return info.Size()
}

// TestPreadWhileTheFileChanges: no zeros are invented, and the end comes
// neither before the file was that short nor behind its longest.
func TestPreadWhileTheFileChanges(t *testing.T) {
	const short, long = 10_000, 300_000
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		data := noise(long)
		path := fileOf(t, data[:short])
		stop := make(chan struct{})
		var changing sync.WaitGroup
		changing.Go(func() {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				panic(err)
			}
			defer w.Close()
			for {
				for off := short; off < long; off += 29_000 {
					w.WriteAt(data[off:off+29_000], int64(off))
				}
				select {
				case <-stop:
					return
				default:
					w.Truncate(short)
				}
			}
		})
		defer changing.Wait()
		defer close(stop)
		ctx := soon(t)
		for range 40 {
			f := fsys.Open(path, ReadOnly)
			got, err := readRest(ctx, f, 0)
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(got), short)
			require.LessOrEqual(t, len(got), long)
			require.True(t, string(data[:len(got)]) == string(got))
			require.NoError(t, f.Close())
		}
	}, "sync-queued", "threadpool", "threadpool-queued", "uring", "uring-queued")
}

// TestPreadShortAndBroken: what is good comes first, then the error, at its
// offset; and the error is not for ever.
func TestPreadShortAndBroken(t *testing.T) {
	data := noise(500_000)
	path := fileOf(t, data)
	reads := fault.Rule{Kinds: fault.Kinds(backend.OpRead), Path: path}
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx, b := soon(t), fsys.backend.(*fault.Backend)

		every := reads
		every.Times = fault.Always
		short := b.Add(every.Short(777))
		f := fsys.Open(path, ReadOnly)
		got, err := readRest(ctx, f, 100_000)
		require.NoError(t, err)
		require.True(t, string(data[100_000:]) == string(got))
		require.Greater(t, short.Hits(), 300)
		short.Remove()
		require.NoError(t, f.Close())

		for _, skip := range []int{0, 1, 2} {
			once := reads
			once.Skip = skip
			eio := b.Add(once.FailPartial(1234, syscall.EIO))
			f = fsys.Open(path, ReadOnly)
			got, err = readRest(ctx, f, 0)
			require.ErrorIs(t, err, syscall.EIO)
			var at *backend.OffsetError
			require.ErrorAs(t, err, &at)
			require.EqualValues(t, len(got), at.Off)
			require.Equal(t, 1234, len(got)%4096)
			require.Equal(t, 1, eio.Hits())
			rest, err := readRest(ctx, f, int64(len(got)))
			require.NoError(t, err, "it works again")
			require.True(t, string(data) == string(got)+string(rest))
			require.NoError(t, f.Close())
			eio.Remove()
		}
	}, "sync-queued", "threadpool-queued", "uring-queued")
}

// TestReadAheadWidens counts operations: few for a sequential reader, no more
// than it asks for, in number and bytes, for a random one.
func TestReadAheadWidens(t *testing.T) {
	const size = 8 << 20
	path := fileOf(t, noise(size))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		ctx := soon(t)
		f := fsys.Open(path, ReadOnly)
		for off, p := int64(0), make([]byte, 4096); off < size; off += int64(len(p)) {
			_, err := preadWait(ctx, f, p, off)
			require.NoError(t, err)
		}
		require.Less(t, fsys.Stats().Ops["read"].Count, uint64(40))
		require.NoError(t, f.Close())
		before := fsys.Stats().Ops["read"]

		f = fsys.Open(path, ReadOnly)
		r := seeded(t)
		const reads = 200
		for range reads {
			_, err := preadWait(ctx, f, make([]byte, 4096), 4096+4096*r.Int64N(size/4096-1))
			require.NoError(t, err)
		}
		after := fsys.Stats().Ops["read"]
		require.LessOrEqual(t, after.Count-before.Count, uint64(reads))
		// Two that happen to be neighbours look sequential.
		require.LessOrEqual(t, after.Bytes-before.Bytes, uint64((reads+20)*4096))
		require.NoError(t, f.Close())
	}, "sync-queued", "threadpool-queued", "uring-queued")
}

// batchLog is an engine that logs the batches that it gets.
type batchLog struct {
	backend.Backend
	mu      sync.Mutex
	batches [][]backend.Kind
}

func (b *batchLog) Submit(ops, done []*backend.Op) (int, int, error) {
	kinds := make([]backend.Kind, len(ops))
	for i, op := range ops {
		kinds[i] = op.Kind
	}
	started, finished, err := b.Backend.Submit(ops, done)
	if started > 0 {
		b.mu.Lock()
		b.batches = append(b.batches, kinds[:started])
		b.mu.Unlock()
	}
	return started, finished, err
}

// TestOpenAndReadGoDownTogether: in one submission, as one chain. A machine
// under load may find that a Batch takes too long and flush in the middle of
// it; that does not happen every time.
func TestOpenAndReadGoDownTogether(t *testing.T) {
	path := fileOf(t, noise(10))
	want := []backend.Kind{backend.OpOpen, backend.OpRead, backend.OpOpen, backend.OpRead, backend.OpOpen, backend.OpRead}
	for name, engine := range readingEngines(t) {
		t.Run(name, func(t *testing.T) {
			const attempts = 50
			var got []backend.Kind
			for range attempts {
				if got = firstBatch(t, engine(t), path); slices.Equal(want, got) {
					return
				}
			}
			require.Equal(t, want, got)
		})
	}
}

// firstBatch opens three files, asks for their first bytes, and returns what
// the engine got first.
func firstBatch(t *testing.T, engine backend.Backend, path string) []backend.Kind {
	b := &batchLog{Backend: engine}
	fsys := newReadingFS(t, b, Options{})
	var files []*File
	fsys.Batch(func() { // or a flush might come between the two calls
		for range 3 {
			f := fsys.Open(path, ReadOnly)
			if _, err := f.Pread(make([]byte, 10), 0); err != ErrAgain {
				require.NoError(t, err) // flushed and there already
			}
			files = append(files, f)
		}
	})
	for _, f := range files {
		got, err := readRest(soon(t), f, 0)
		require.NoError(t, err)
		require.Len(t, got, 10)
		require.NoError(t, f.Close())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.batches[0]
}

// TestReadersShareAHandle: io.ReaderAt allows parallel calls, and none must
// throw away what another waits for.
func TestReadersShareAHandle(t *testing.T) {
	data := noise(4 << 20)
	path := fileOf(t, data)
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		f := fsys.Open(path, ReadOnly)
		defer f.Close()
		r := NewReader(soon(t), f)
		var reading sync.WaitGroup
		for i := range 8 {
			reading.Go(func() {
				p := make([]byte, 5000)
				for k := range 60 {
					off := int64((i*577+k*7919)%800) * 5000
					n, err := r.ReadAt(p, off)
					if err != nil || string(p[:n]) != string(data[off:off+5000]) {
						t.Errorf("%d bytes at %d: %v", n, off, err)
						return
					}
				}
			})
		}
		reading.Wait()
	})
}
