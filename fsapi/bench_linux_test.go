package fsapi

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/uring"
)

// BenchmarkSmallFiles reads whole files of mail size from a warm cache; one
// operation is one file. The metric that matters on a machine with other work
// is cpu-ns/op, user and system time of the process.
func BenchmarkSmallFiles(b *testing.B) {
	paths := mailFiles(b, 4096)
	b.Run("blocking", func(b *testing.B) {
		measureCPU(b, func() {
			var next atomic.Int64
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					buf := make([]byte, 64<<10)
					for i := next.Add(1); int(i) <= b.N; i = next.Add(1) {
						readBlocking(b, paths[int(i)%len(paths)], buf)
					}
				})
			}
			all.Wait()
		})
	})
	for _, kind := range []BackendKind{URing, ThreadPool} {
		b.Run(fmt.Sprintf("ReadFiles/%s", kind), func(b *testing.B) {
			fs, err := New(Options{Backend: kind})
			if err != nil {
				b.Skip(err)
			}
			defer fs.Close()
			many := make([]string, b.N)
			for i := range many {
				many[i] = paths[i%len(paths)]
			}
			measureCPU(b, func() {
				require.NoError(b, fs.ReadFiles(context.Background(), many, func(_ int, _ []byte, err error) {
					if err != nil {
						b.Error(err)
					}
				}))
			})
		})
	}
}

// BenchmarkEventLoop reads the same files with Open, Pread and input callbacks,
// 32 at a time, on one goroutine.
func BenchmarkEventLoop(b *testing.B) {
	paths := mailFiles(b, 4096)
	for _, kind := range []BackendKind{URing, ThreadPool} {
		b.Run(string(kind), func(b *testing.B) {
			fs, err := New(Options{Backend: kind})
			if err != nil {
				b.Skip(err)
			}
			defer fs.Close()
			measureCPU(b, func() { eventLoop(b, fs, paths, b.N) })
			if e, ok := fs.backend.(*uring.Engine); ok {
				b.ReportMetric(32*float64(e.Stats().Enters)/float64(b.N), "enters/32files")
			}
		})
	}
}

func eventLoop(b *testing.B, fs *FS, paths []string, n int) {
	const depth = 32
	buf, moved := make([]byte, 64<<10), make(chan *File, depth)
	started, ended := 0, 0
	pull := func(f *File) {
		for off := int64(0); ; {
			n, err := f.Pread(buf, off)
			off += int64(n)
			switch {
			case err == ErrAgain:
				return
			case err != nil:
				if err != io.EOF {
					b.Error(err)
				}
				f.Close()
				ended++
				return
			}
		}
	}
	for ended < n {
		fs.Batch(func() {
			for len(moved) > 0 {
				pull(<-moved)
			}
			for ; started < n && started-ended < depth; started++ {
				f := fs.Open(paths[started%len(paths)], ReadOnly)
				f.SetInputCallback(func() { moved <- f })
				pull(f)
			}
		})
		if started > ended {
			moved <- <-moved
		}
	}
}

func mailFiles(b *testing.B, n int) []string {
	dir, r := b.TempDir(), rand.New(rand.NewPCG(3, 3))
	paths := make([]string, n)
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprintf("u.%d", i))
		require.NoError(b, os.WriteFile(paths[i], make([]byte, 500+r.IntN(12000)), 0o600))
	}
	return paths
}

func readBlocking(b *testing.B, path string, buf []byte) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	var st syscall.Stat_t
	if err == nil {
		err = syscall.Fstat(fd, &st)
	}
	n := 0
	if err == nil {
		n, err = syscall.Pread(fd, buf, 0)
	}
	if err != nil || int64(n) != st.Size {
		b.Errorf("read %d of %d bytes: %v", n, st.Size, err)
	}
	syscall.Close(fd)
}

func measureCPU(b *testing.B, run func()) {
	b.ResetTimer()
	before := cpuTime(b)
	run()
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
