//go:build linux && (amd64 || arm64)

package uring

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// chainCase makes a chain in a directory that holds "file" (5000 bytes),
// "empty" and "sub".
type chainCase struct {
	name string
	make func(dir string) []*backend.Op
}

func chainCases() []chainCase {
	var cases []chainCase
	for _, name := range []string{"file", "empty", "missing", "sub", "sub/missing/x"} {
		for _, size := range []int{0, 1, 4999, 5000, 5001, 20_000} {
			for _, off := range []int64{0, 100, 9000} {
				for members := 2; members <= 4; members++ {
					cases = append(cases, chainCase{
						fmt.Sprintf("fetch %s size %d off %d members %d", name, size, off, members),
						func(dir string) []*backend.Op { return fetch(filepath.Join(dir, name), size, off)[:members] },
					})
				}
			}
		}
	}
	for _, name := range []string{"new", "file", "sub", "missing/x"} {
		cases = append(cases, chainCase{"deliver " + name,
			func(dir string) []*backend.Op { return deliver(dir, filepath.Join(dir, name)) }})
	}
	return append(cases,
		chainCase{"twice the same handle", func(dir string) []*backend.Op {
			h, path := new(backend.Handle), filepath.Join(dir, "file")
			return []*backend.Op{
				{Kind: backend.OpOpen, Path: path, Handle: h},
				{Kind: backend.OpOpen, Path: path, Handle: h},
				{Kind: backend.OpClose, Path: path, Handle: h},
			}
		}},
		chainCase{"failure behind a rename", func(dir string) []*backend.Op {
			return []*backend.Op{
				{Kind: backend.OpRename, Path: filepath.Join(dir, "missing"), NewPath: filepath.Join(dir, "a")},
				{Kind: backend.OpMkdir, Path: filepath.Join(dir, "made"), Mode: 0o700},
			}
		}},
		chainCase{"sync a directory", func(dir string) []*backend.Op {
			h := new(backend.Handle)
			return []*backend.Op{
				{Kind: backend.OpOpen, Path: dir, Open: backend.OpenDirectory, Handle: h},
				{Kind: backend.OpSync, Path: dir, Handle: h},
				{Kind: backend.OpClose, Path: dir, Handle: h},
				{Kind: backend.OpReadDir, Path: dir},
			}
		}},
	)
}

func fetch(path string, size int, off int64) []*backend.Op {
	h := new(backend.Handle)
	return []*backend.Op{
		{Kind: backend.OpOpen, Path: path, Handle: h},
		{Kind: backend.OpRead, Path: path, Handle: h, Buf: make([]byte, size), Off: off},
		{Kind: backend.OpClose, Path: path, Handle: h},
		{Kind: backend.OpStat, Path: path},
	}
}

// deliver makes a file and gives it its name, unless that is taken.
func deliver(dir, name string) []*backend.Op {
	h, temp := new(backend.Handle), filepath.Join(dir, "temp")
	return []*backend.Op{
		{Kind: backend.OpOpen, Path: temp, Open: backend.OpenCreate | backend.OpenExclusive, Mode: 0o666, Exact: true, Handle: h},
		{Kind: backend.OpAllocate, Path: temp, Handle: h, Len: 10_000},
		{Kind: backend.OpWrite, Path: temp, Handle: h, Buf: content(3000)},
		{Kind: backend.OpWritev, Path: temp, Handle: h, Bufs: [][]byte{content(100), content(4000)}, Off: 3000},
		{Kind: backend.OpDatasync, Path: temp, Handle: h},
		{Kind: backend.OpRename, Path: temp, NewPath: name, Rename: backend.RenameNoReplace},
		{Kind: backend.OpReadv, Path: temp, Handle: h, Bufs: [][]byte{make([]byte, 5), make([]byte, 9000)}},
		{Kind: backend.OpClose, Path: temp, Handle: h},
	}
}

// TestChainsAreTheReferences runs every chain on the engine and on the
// reference, each in a directory of its own, and compares what comes of it. The
// engine also has to do it in small pieces, and with kinds that its ring lacks.
func TestChainsAreTheReferences(t *testing.T) {
	for name, adjust := range map[string]func(*shard){
		"whole":      func(*shard) {},
		"in pieces":  func(s *shard) { s.chunk = 700 },
		"no read":    func(s *shard) { s.native &^= 1 << backend.OpRead },
		"no write":   func(s *shard) { s.native &^= 1 << backend.OpWrite },
		"no syncing": func(s *shard) { s.native &^= 1<<backend.OpDatasync | 1<<backend.OpSync },
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, Options{Rings: 1})
			adjust(e.shards[0])
			for _, c := range chainCases() {
				want := outcome(t, c, func(ops []*backend.Op) { backend.ExecuteChain(ops) })
				got := outcome(t, c, func(ops []*backend.Op) { run(t, e, ops...) })
				require.Equal(t, want, got, c.name)
			}
		})
	}
}

// outcome describes everything a chain has done.
func outcome(t *testing.T, c chainCase, execute func([]*backend.Op)) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), content(5000), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	ops := c.make(dir)
	for _, op := range ops[:len(ops)-1] {
		op.Link = true
	}
	execute(ops)
	var b strings.Builder
	for _, op := range ops {
		fmt.Fprintf(&b, "%v n=%d eof=%v err=%v open=%v entries=%d size=%d %x %x\n",
			op.Kind, op.N, op.EOF, op.Err, op.Handle.IsOpen(), len(op.Entries), op.Info.Size, op.Buf[:min(op.N, len(op.Buf))], op.Bufs)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		data, _ := os.ReadFile(filepath.Join(dir, entry.Name()))
		fmt.Fprintf(&b, "%s %v %x\n", entry.Name(), info.Mode(), data)
	}
	if h := ops[0].Handle; h.IsOpen() {
		backend.Execute(&backend.Op{Kind: backend.OpClose, Handle: h})
	}
	return strings.ReplaceAll(b.String(), dir, "")
}

// TestFileGrowsBehindTheRead: the look behind the read finds data, so the read
// has not met the end of the file and goes on.
func TestFileGrowsBehindTheRead(t *testing.T) {
	e := open(t, Options{Rings: 1})
	path, data := writeFile(t, 5000)
	h := openFile(t, e, path, 0)
	s, op := e.shards[0], &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 6000)}
	s.mu.Lock()
	s.out = make([]*backend.Op, 1)
	require.True(t, s.slots.Acquire(op))
	f := &s.flights[op.Slot.Index()]
	f.begin(op)
	clearResults(op)
	f.stage, f.probed, f.owed = started, true, 2
	copy(op.Buf, data[:300])
	s.inKernel += 2
	s.completed(uint64(op.Slot), 300)
	s.completed(uint64(op.Slot)|peekMark, 1)
	s.inKernel -= 2
	s.drive()
	n, _ := s.unlock()
	e.inFlight.Add(1) // unlock gave back what was never reserved
	require.Equal(t, 1, n)
	require.NoError(t, op.Err)
	require.True(t, op.EOF)
	requireSame(t, data, op.Buf[:op.N])
}
