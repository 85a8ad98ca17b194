package fsapi

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// openLimit raises the limit of descriptors as far as it may, and returns how
// many files a test can open, want at most.
func openLimit(t *testing.T, want int) int {
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	limit.Cur = limit.Max
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	if can := int(min(limit.Cur, 1<<20)) - 500; can < want {
		t.Logf("SCALED DOWN to %d files: the limit of open files is %d", can, limit.Cur)
		return can
	}
	return want
}

func threads(t *testing.T) int {
	tasks, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	return len(tasks)
}

// TestTenThousandFiles are open at once, with a read outstanding on each: no
// goroutine or thread for any of them, and no more memory than was allowed.
func TestTenThousandFiles(t *testing.T) {
	many := openLimit(t, 10_000)
	if raceEnabled {
		many /= 4 // the same, for less time
	}
	const limit, contents = 16 << 20, 50
	dir := t.TempDir()
	data := make([][]byte, contents)
	for i := range data {
		data[i] = noise(500 + 13*i)
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), data[i], 0o600))
	}
	onReadingEngines(t, Options{BufferLimit: limit}, func(t *testing.T, fsys *FS) {
		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		goroutines, tasks := runtime.NumGoroutine(), threads(t)
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpRead)}.Hold())
		files := make([]*File, many)
		for i := range files {
			files[i] = fsys.Open(filepath.Join(dir, fmt.Sprint(i%contents)), ReadOnly)
			_, err := files[i].Pread(make([]byte, 1), 0)
			require.Equal(t, ErrAgain, err)
		}
		within(t, held.Reached())
		require.Equal(t, many, fsys.Stats().OpenFiles)
		require.LessOrEqual(t, fsys.Stats().Buffered, int64(limit))
		require.Less(t, runtime.NumGoroutine(), goroutines+30)
		require.Less(t, threads(t), tasks+60)
		held.Release()

		ctx := soon(t)
		for i, f := range files {
			got, err := readRest(ctx, f, 0)
			require.NoError(t, err)
			require.True(t, string(got) == string(data[i%contents]), "file %d", i)
		}
		runtime.GC()
		runtime.ReadMemStats(&during)
		require.Equal(t, many, fsys.Stats().OpenFiles)
		require.Less(t, int64(during.HeapInuse)-int64(before.HeapInuse), int64(limit+many*2048+(16<<20)))
		require.Less(t, runtime.NumGoroutine(), goroutines+30)
		require.Less(t, threads(t), tasks+60)
		for _, f := range files {
			require.NoError(t, f.Close())
		}
	}, bothQueued...)
}

// TestCloseWithOperationsInFlight leaves no descriptor and no goroutine.
func TestCloseWithOperationsInFlight(t *testing.T) {
	path := fileOf(t, noise(100_000))
	for name, engine := range readingEngines(t) {
		t.Run(name, func(t *testing.T) {
			descriptors, goroutines := openDescriptors(t), runtime.NumGoroutine()
			fsys, err := New(Options{Engine: engine(t)})
			require.NoError(t, err)
			dir := t.TempDir()
			for i := range 1000 {
				f := fsys.Open(path, ReadOnly)
				f.Pread(make([]byte, 10), int64(i))
				if i%10 == 0 {
					w := fsys.Create(filepath.Join(dir, fmt.Sprint(i)), FailIfExists, Perm{})
					w.Write(make([]byte, 5000))
					if i%20 == 0 {
						w.Commit()
					}
				}
				if i%3 == 0 {
					require.NoError(t, f.Close())
				}
			}
			require.NoError(t, fsys.Close())
			require.Equal(t, descriptors, openDescriptors(t))
			require.Empty(t, temps(t, dir))
			require.Zero(t, fsys.Stats().Buffered)
			for ctx := soon(t); runtime.NumGoroutine() > goroutines && ctx.Err() == nil; {
				runtime.Gosched() // those that have just been told to end
			}
			require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
		})
	}
}

// TestIdleFileIsSmall: no goroutine, no buffer, less than 1 KiB.
func TestIdleFileIsSmall(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	many := openLimit(t, 10_000)
	path := fileOf(t, noise(100))
	onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) {
		files := make([]*File, many)
		ctx := soon(t)
		use := func(f *File) {
			got, err := readRest(ctx, f, 0)
			require.NoError(t, err)
			require.Len(t, got, 100)
		}
		warm := fsys.Open(path, ReadOnly)
		use(warm)
		require.NoError(t, warm.Close())
		goroutines := runtime.NumGoroutine()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.GC() // what is pooled goes with the second one
		runtime.ReadMemStats(&before)
		for i := range files {
			files[i] = fsys.Open(path, ReadOnly)
			use(files[i])
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / int64(many)
		t.Logf("%d bytes for each open file", each)
		require.Less(t, each, int64(1024))
		require.Less(t, runtime.NumGoroutine(), goroutines+20)
		require.Zero(t, fsys.Stats().Buffered)
		for _, f := range files {
			require.NoError(t, f.Close())
		}
	}, "threadpool", "uring", "threadpool-queued")
}
