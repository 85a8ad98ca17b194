package fsapi

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script does one seeded row of calls on a file system and writes down what
// they say. Whatever the engine, it must come to the same.
type script struct {
	ctx     context.Context
	fsys    *FS
	dir     string
	r       *rand.Rand
	files   []*File // nil: free
	history []string
}

// names of the files; they are few, so that calls meet.
func (s *script) name() string { return fmt.Sprintf("n%d", s.r.IntN(12)) }
func (s *script) path() string { return filepath.Join(s.dir, s.name()) }

func (s *script) say(format string, args ...any) {
	s.history = append(s.history, fmt.Sprintf("%d: ", len(s.history))+fmt.Sprintf(format, args...))
}

// kindOf is what must not differ about an error: temporary names do.
func kindOf(err error) string {
	for _, kind := range []error{io.EOF, ErrLocked, ErrClosed, ErrNotWritable, ErrNamed, fs.ErrNotExist, fs.ErrExist, syscall.ENOTEMPTY, syscall.EISDIR} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return fmt.Sprint(err)
}

// run does n calls and returns what has been said.
func (s *script) run(n int) []string {
	for range n {
		i := s.r.IntN(len(s.files))
		if s.files[i] == nil {
			s.open(i)
		} else {
			s.use(i, s.files[i])
		}
	}
	for i := range s.files {
		s.close(i)
	}
	s.list()
	return s.history
}

func (s *script) open(i int) {
	path := s.path()
	switch s.r.IntN(4) {
	case 0:
		s.opened(i, s.fsys.Open(path, ReadOnly))
	case 1:
		s.opened(i, s.fsys.Open(path, Append))
	case 2:
		s.files[i] = s.fsys.Create(path, FailIfExists, Perm{})
	default:
		s.files[i] = s.fsys.Create(path, ReplaceIfExists, Perm{Mode: 0o640})
	}
}

// opened waits for the open: what comes next must not be faster.
func (s *script) opened(i int, f *File) {
	s.files[i] = f
	_, err := f.Stat(s.ctx)
	s.say("open %d: %s", i, kindOf(err))
}

// use does one call on a file, or on names.
func (s *script) use(i int, f *File) {
	w := NewWriter(s.ctx, f)
	switch s.r.IntN(16) {
	case 0, 1, 2:
		data := noise(s.r.IntN(1 << (1 + s.r.IntN(20))))
		n, err := w.Write(data)
		s.say("write %d: %d %s", i, n, kindOf(err))
	case 3, 4:
		s.say("commit %d: %s", i, kindOf(w.Commit()))
	case 5:
		s.say("commit %d as: %s", i, kindOf(w.CommitAs(s.name())))
	case 6:
		s.say("rollback %d: %s", i, kindOf(f.Rollback()))
	case 7, 8, 9:
		p := make([]byte, s.r.IntN(100_000))
		off := s.r.Int64N(200_000)
		n, err := NewReader(s.ctx, f).ReadAt(p, off)
		s.say("read %d at %d: %d %x %s", i, off, n, sum(p[:n]), kindOf(err))
	case 10:
		s.lock(i, f)
	case 11:
		s.say("unlock %d: %s", i, kindOf(f.Unlock()))
	case 12:
		s.say("rename: %s", kindOf(s.fsys.Rename(s.ctx, s.path(), s.path())))
	case 13:
		s.say("remove: %s", kindOf(s.fsys.Remove(s.ctx, s.path())))
	case 14:
		s.list()
	default:
		s.close(i)
	}
}

func (s *script) lock(i int, f *File) {
	for {
		err := f.TryLock()
		if err == ErrAgain {
			if err = f.Wait(s.ctx); err == nil {
				continue
			}
		}
		s.say("lock %d: %s", i, kindOf(err))
		return
	}
}

// close waits until the lock is free, too, which Close does not.
func (s *script) close(i int) {
	f := s.files[i]
	if f == nil {
		return
	}
	s.say("close %d: %s", i, kindOf(f.Close()))
	s.files[i] = nil
	for s.ctx.Err() == nil {
		f.mu.Lock()
		over := f.torn || !f.born
		f.mu.Unlock()
		if over {
			return
		}
		time.Sleep(10 * time.Microsecond)
	}
	s.say("close %d hangs", i)
}

// list is the whole state: names and contents.
func (s *script) list() {
	entries, err := s.fsys.ReadDir(s.ctx, s.dir)
	var names, paths []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".temp.") {
			names, paths = append(names, e.Name()), append(paths, filepath.Join(s.dir, e.Name()))
		}
	}
	s.say("list: %v %s", names, kindOf(err))
	err = s.fsys.ReadFiles(s.ctx, paths, func(i int, data []byte, err error) {
		s.say("  %s: %d %x %s", names[i], len(data), sum(data), kindOf(err))
	})
	s.say("read all: %s", kindOf(err))
}

func sum(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// TestSameHistory: every engine, with and without reads that need no waiting,
// does the same as the simplest one.
func TestSameHistory(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var want []string
	tell := func(t *testing.T, fsys *FS) []string {
		s := &script{ctx: soon(t), fsys: fsys, dir: t.TempDir(), r: rand.New(rand.NewPCG(seed, 7)), files: make([]*File, 20)}
		history := s.run(1200)
		require.NoError(t, fsys.Close())
		entries, err := os.ReadDir(s.dir)
		require.NoError(t, err)
		for _, e := range entries {
			require.False(t, strings.HasPrefix(e.Name(), ".temp."), e.Name())
		}
		return history
	}
	options := Options{BufferLimit: MinBufferLimit, Sync: SyncNever}
	onReadingEngines(t, options, func(t *testing.T, fsys *FS) { want = tell(t, fsys) }, "sync")
	onReadingEngines(t, options, func(t *testing.T, fsys *FS) {
		got := tell(t, fsys)
		for i := range want {
			require.Less(t, i, len(got))
			require.Equal(t, want[i], got[i])
		}
		require.Len(t, got, len(want))
	}, "sync-queued", "threadpool", "threadpool-queued", "lockfree", "lockfree-queued", "uring", "uring-queued")
}
