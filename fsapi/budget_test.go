package fsapi

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// watchMemory looks at the buffered bytes again and again until stop is
// called; there must never be more than limit.
func watchMemory(t *testing.T, fsys *FS, limit int64) (stop func()) {
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			if n := fsys.Stats().Buffered; n > limit {
				t.Errorf("%d bytes buffered, %d over the limit", n, n-limit)
				return
			}
			select {
			case <-over:
				return
			default:
				runtime.Gosched()
			}
		}
	})
	return func() { close(over); watching.Wait() }
}

// TestBackPressure: 2,000 readers and 500 writers share the smallest memory
// there can be, beside some that never go on. Everybody gets his turn.
func TestBackPressure(t *testing.T) {
	const readers, writers, lazy = 2000, 500, 300
	data := noise(3 << 20)
	path := fileOf(t, data[:100_000])
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit, Sync: SyncNever}, func(t *testing.T, fsys *FS) {
		ctx, dir := soon(t), t.TempDir()
		stop := watchMemory(t, fsys, MinBufferLimit)
		defer stop()
		var idle []*File
		for i := range lazy { // read, write, and never come back
			f := fsys.Open(path, ReadOnly)
			f.Pread(make([]byte, 1), int64(i))
			w := fsys.Create(filepath.Join(dir, fmt.Sprint("lazy", i)), FailIfExists, Perm{})
			w.Write(data[:100_000])
			idle = append(idle, f, w)
		}
		var working sync.WaitGroup
		for i := range readers {
			working.Go(func() {
				f := fsys.Open(path, ReadOnly)
				defer f.Close()
				p := make([]byte, 2000)
				off := int64(i*37) % 98_000
				if _, err := NewReader(ctx, f).ReadAt(p, off); err != nil || string(p) != string(data[off:off+2000]) {
					t.Errorf("reader %d: %v", i, err)
				}
			})
		}
		for i := range writers {
			working.Go(func() {
				size := 64<<10 + i*7919%(64<<10)
				if i%100 == 0 {
					size = 3 << 20
				}
				f := fsys.Create(filepath.Join(dir, fmt.Sprint(i)), FailIfExists, Perm{})
				defer f.Close()
				w := NewWriter(ctx, f)
				_, err := w.Write(data[:size])
				if err == nil {
					err = w.Commit()
				}
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				if info, err := os.Stat(filepath.Join(dir, fmt.Sprint(i))); err != nil || info.Size() != int64(size) {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		working.Wait()
		for _, f := range idle {
			require.NoError(t, f.Close())
		}
	}, "threadpool-queued", "uring-queued")
}

// TestEverybodyGetsHisTurn: with callbacks and no goroutine of his own; the
// first to ask is not the last to be served.
func TestEverybodyGetsHisTurn(t *testing.T) {
	const readers = 1500
	path := fileOf(t, noise(30_000))
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit}, func(t *testing.T, fsys *FS) {
		stop := watchMemory(t, fsys, MinBufferLimit)
		defer stop()
		var served atomic.Int32
		turn := make([]int32, readers)
		files := make([]*File, readers)
		last := make(chan bool)
		for i := range files {
			f := fsys.Open(path, ReadOnly)
			files[i] = f
			f.SetInputCallback(func() {
				_, err := f.Pread(make([]byte, 100), 0)
				if err == nil && turn[i] == 0 {
					turn[i] = served.Add(1)
					if turn[i] == readers {
						close(last)
					}
				}
			})
			_, err := f.Pread(make([]byte, 100), 0)
			require.Equal(t, ErrAgain, err)
		}
		within(t, last)
		for _, f := range files {
			require.NoError(t, f.Close())
		}
		early := 0
		for i := range 100 {
			if turn[i] < readers/2 {
				early++
			}
		}
		require.Greater(t, early, 90, "of the first hundred")
	}, bothQueued...)
}

// TestManySpilledAppends: each copies what it has spilled, and all copies
// together stay in bounds.
func TestManySpilledAppends(t *testing.T) {
	const many = 25
	data := noise(2 << 20)
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit, Sync: SyncNever}, func(t *testing.T, fsys *FS) {
		ctx, dir := soon(t), t.TempDir()
		stop := watchMemory(t, fsys, MinBufferLimit)
		defer stop()
		files, written := make([]*File, many), sync.WaitGroup{}
		for i := range files {
			path := filepath.Join(dir, fmt.Sprint(i))
			require.NoError(t, os.WriteFile(path, []byte("head"), 0o600))
			files[i] = fsys.Open(path, Append)
			written.Go(func() {
				if _, err := NewWriter(ctx, files[i]).Write(data); err != nil {
					t.Error(err)
				}
			})
		}
		written.Wait()
		require.NoError(t, fsys.CommitAll(ctx, files...))
		for i, f := range files {
			require.NoError(t, f.Close())
			got, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)))
			require.NoError(t, err)
			require.True(t, string(got) == "head"+string(data), "file %d", i)
		}
	}, bothQueued...)
}

// TestReadFilesUnderPressure: many at once, with large files, and with user
// code that reads by other means; they do not wait for each other for ever.
func TestReadFilesUnderPressure(t *testing.T) {
	const calls = 20
	dir, data := t.TempDir(), noise(100_000)
	var paths []string
	for i := range 40 {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
		require.NoError(t, os.WriteFile(paths[i], data[:1000+i*2500], 0o600))
	}
	onReadingEngines(t, Options{BufferLimit: MinBufferLimit}, func(t *testing.T, fsys *FS) {
		ctx := soon(t)
		stop := watchMemory(t, fsys, MinBufferLimit+calls*firstWindow) // each call has one
		defer stop()
		var working sync.WaitGroup
		for range calls {
			working.Go(func() {
				err := fsys.ReadFiles(ctx, paths, func(i int, got []byte, err error) {
					if err != nil || string(got) != string(data[:1000+i*2500]) {
						t.Errorf("file %d: %d bytes, %v", i, len(got), err)
					}
					if i%20 == 10 {
						f := fsys.Open(paths[i], ReadOnly)
						if _, err := io.ReadFull(NewReader(ctx, f), make([]byte, 500)); err != nil {
							t.Error(err)
						}
						f.Close()
					}
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		working.Wait()
	}, bothQueued...)
}
