package simdisk

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// run does operations one after the other.
func run(t *testing.T, d *Disk, ops ...*backend.Op) (failed error) {
	done := make([]*backend.Op, 1)
	for _, op := range ops {
		started, _, err := d.Submit([]*backend.Op{op}, nil)
		require.NoError(t, err)
		require.Equal(t, 1, started)
		n, err := d.Reap(done)
		require.NoError(t, err)
		require.Equal(t, []*backend.Op{op}, done[:n])
		if failed == nil {
			failed = op.Err
		}
	}
	return failed
}

func open(t *testing.T, d *Disk, name string, flags backend.OpenFlag) *backend.Handle {
	h := new(backend.Handle)
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpOpen, Path: name, Open: flags, Mode: 0o640, Exact: true, Handle: h}))
	return h
}

// put writes and syncs a file, and not its name.
func put(t *testing.T, d *Disk, name, data string) {
	h := open(t, d, name, backend.OpenCreate)
	require.NoError(t, run(t, d, write(h, 0, data), &backend.Op{Kind: backend.OpSync, Handle: h}, &backend.Op{Kind: backend.OpClose, Handle: h}))
}

func write(h *backend.Handle, off int, data string) *backend.Op {
	return &backend.Op{Kind: backend.OpWrite, Handle: h, Off: int64(off), Buf: []byte(data)}
}

func syncDir(t *testing.T, d *Disk, dir string) {
	h := open(t, d, dir, backend.OpenDirectory)
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpSync, Handle: h}, &backend.Op{Kind: backend.OpClose, Handle: h}))
}

// survivors returns what many crashes leave, each state once: its files with
// their contents, sorted.
func survivors(d *Disk) (all []string) {
	seen := map[string]bool{}
	for seed := range int64(300) {
		var lines []string
		for name, f := range d.AfterCrash(seed).Files() {
			lines = append(lines, name+"="+string(f.Data))
		}
		slices.Sort(lines)
		seen[strings.Join(lines, " ")] = true
	}
	for s := range seen {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// TestSurvivors: what one crash after these steps can leave, all of it.
func TestSurvivors(t *testing.T) {
	op := func(kind backend.Kind, from, to string) *backend.Op {
		return &backend.Op{Kind: kind, Path: from, NewPath: to, Mode: 0o755}
	}
	for name, c := range map[string]struct {
		work func(t *testing.T, d *Disk)
		want []string
	}{
		"names are not synced with files": {func(t *testing.T, d *Disk) { put(t, d, "/d/a", "1") }, []string{"", "/d/a=1"}},
		"synced":                          {func(t *testing.T, d *Disk) { put(t, d, "/d/a", "1"); syncDir(t, d, "/d") }, []string{"/d/a=1"}},
		"a name without its content": {func(t *testing.T, d *Disk) {
			h := open(t, d, "/d/a", backend.OpenCreate)
			require.NoError(t, run(t, d, write(h, 0, "1")))
			syncDir(t, d, "/d")
		}, []string{"/d/a=", "/d/a=\x00", "/d/a=1"}},
		"a rename is one change": {func(t *testing.T, d *Disk) {
			put(t, d, "/d/a", "1")
			syncDir(t, d, "/d")
			require.NoError(t, run(t, d, op(backend.OpRename, "/d/a", "/e/a")))
		}, []string{"/d/a=1", "/e/a=1"}},
		"either directory makes a rename durable": {func(t *testing.T, d *Disk) {
			put(t, d, "/d/a", "1")
			require.NoError(t, run(t, d, op(backend.OpRename, "/d/a", "/e/a")))
			syncDir(t, d, "/e")
		}, []string{"/e/a=1"}},
		"a removal": {func(t *testing.T, d *Disk) {
			put(t, d, "/d/a", "1")
			syncDir(t, d, "/d")
			require.NoError(t, run(t, d, op(backend.OpUnlink, "/d/a", "")))
		}, []string{"", "/d/a=1"}},
		"a lost directory takes its files along": {func(t *testing.T, d *Disk) {
			require.NoError(t, run(t, d, op(backend.OpMkdir, "/d/n", "")))
			put(t, d, "/d/n/a", "1")
			syncDir(t, d, "/d/n")
		}, []string{"", "/d/n/a=1"}},
		"not before it was emptied": {func(t *testing.T, d *Disk) {
			require.NoError(t, run(t, d, op(backend.OpMkdir, "/d/n", "")))
			put(t, d, "/d/n/a", "1")
			syncDir(t, d, "/d/n")
			syncDir(t, d, "/d")
			require.NoError(t, run(t, d, op(backend.OpRename, "/d/n/a", "/e/a"), &backend.Op{Kind: backend.OpUnlink, Path: "/d/n", Directory: true}))
		}, []string{"/d/n/a=1", "/e/a=1"}},
		"two names": {func(t *testing.T, d *Disk) {
			put(t, d, "/d/a", "1")
			require.NoError(t, run(t, d, op(backend.OpLink, "/d/a", "/e/b")))
			syncDir(t, d, "/d")
		}, []string{"/d/a=1", "/d/a=1 /e/b=1"}},
		"changes in any order": {func(t *testing.T, d *Disk) { put(t, d, "/d/a", "1"); put(t, d, "/d/b", "2") },
			[]string{"", "/d/a=1", "/d/a=1 /d/b=2", "/d/b=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := New(Options{Seed: 1, Dirs: []string{"/d", "/e"}})
			c.work(t, d)
			require.Equal(t, c.want, survivors(d))
		})
	}
}

// TestContents: a file that was synced and is overwritten and cut, sector by
// sector.
func TestContents(t *testing.T) {
	d := New(Options{Dirs: []string{"/d"}})
	old, now := strings.Repeat("o", 3*sector), strings.Repeat("n", 3*sector)
	put(t, d, "/d/a", old)
	syncDir(t, d, "/d")
	h := open(t, d, "/d/a", backend.OpenWrite)
	require.NoError(t, run(t, d, write(h, 0, now)))
	require.Len(t, survivors(d), 8, "each of three sectors is old or new")
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpDatasync, Handle: h}))
	require.Equal(t, []string{"/d/a=" + now}, survivors(d))
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpTruncate, Handle: h, Off: 1}))
	for _, s := range survivors(d) {
		require.True(t, strings.HasPrefix("/d/a="+now, s), "%q", s)
	}
}

// TestOrdered: what is appended survives from the front, and a cut has happened or
// not.
func TestOrdered(t *testing.T) {
	d := New(Options{Ordered: true, Dirs: []string{"/d"}})
	put(t, d, "/d/a", "old")
	syncDir(t, d, "/d")
	h := open(t, d, "/d/a", backend.OpenWrite)
	require.NoError(t, run(t, d, write(h, 3, "new")))
	require.Equal(t, []string{"/d/a=old", "/d/a=oldn", "/d/a=oldne", "/d/a=oldnew"}, survivors(d))
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpSync, Handle: h}, &backend.Op{Kind: backend.OpTruncate, Handle: h, Off: 3},
		write(h, 3, "xy")))
	require.Equal(t, []string{"/d/a=old", "/d/a=oldnew", "/d/a=oldx", "/d/a=oldxy", "/d/a=oldxyw"}, survivors(d))
	long := strings.Repeat("l", 3*sector)
	require.NoError(t, run(t, d, write(h, 0, long)))
	for _, s := range survivors(d) {
		require.NotContains(t, s, "\x00")
	}
}

// TestCut: the operation at which the power goes has happened or not, those
// after it have not, and closing works.
func TestCut(t *testing.T) {
	happened := map[bool]bool{}
	for seed := range int64(20) {
		d := New(Options{Seed: seed, Dirs: []string{"/d"}})
		h := open(t, d, "/d", backend.OpenDirectory)
		d.CutAt(2)
		require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpMkdir, Path: "/d/1"}))
		require.False(t, d.Dead())
		require.ErrorIs(t, run(t, d, &backend.Op{Kind: backend.OpMkdir, Path: "/d/2"}), syscall.EIO)
		require.True(t, d.Dead())
		require.ErrorIs(t, run(t, d, &backend.Op{Kind: backend.OpMkdir, Path: "/d/3"}), syscall.EIO)
		require.ErrorIs(t, run(t, d, &backend.Op{Kind: backend.OpSync, Handle: h}), syscall.EIO)
		_, _, err := d.TryLock(h, "/d", backend.LockFlock)
		require.ErrorIs(t, err, syscall.EIO)
		require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpClose, Handle: h}))
		require.Equal(t, 5, d.Operations())
		happened[d.root.names["d"].names["2"] != nil] = true
		require.Nil(t, d.root.names["d"].names["3"])
	}
	require.Len(t, happened, 2)
}

// TestAfterCrash: the disk that comes back is a disk like any other, with
// nothing left to lose, and one seed gives one disk.
func TestAfterCrash(t *testing.T) {
	d := New(Options{Dirs: []string{"/d"}})
	put(t, d, "/d/a", "1")
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpLink, Path: "/d/a", NewPath: "/d/b"}))
	syncDir(t, d, "/d")
	lock, held, err := d.TryLock(open(t, d, "/d/a", 0), "/d/a", backend.LockRecord)
	require.NoError(t, err)
	require.False(t, held)
	require.NoError(t, d.Close())
	for _, after := range []*Disk{d.AfterCrash(1), d.Copy()} {
		info := &backend.Op{Kind: backend.OpStat, Path: "/d/b"}
		require.NoError(t, run(t, after, info))
		require.EqualValues(t, 2, info.Info.Links)
		_, held, err = after.TryLock(open(t, after, "/d/a", 0), "/d/a", backend.LockRecord)
		require.NoError(t, err)
		require.False(t, held, "locks go with the power")
		h := open(t, after, "/d/b", backend.OpenWrite)
		require.Equal(t, []string{"/d/a=1 /d/b=1"}, survivors(after))
		require.NoError(t, run(t, after, write(h, 1, "2")))
		require.Equal(t, "12", string(after.Files()["/d/a"].Data), "one file")
		require.Equal(t, "1", string(d.Files()["/d/a"].Data))
		require.Equal(t, after.AfterCrash(7).Files(), after.AfterCrash(7).Files())
	}
	require.NoError(t, lock.Unlock())
}

// TestFailedSync: the data before it may be lost, although the next one succeeds.
func TestFailedSync(t *testing.T) {
	d := New(Options{Dirs: []string{"/d"}})
	put(t, d, "/d/a", "1")
	syncDir(t, d, "/d")
	h := open(t, d, "/d/a", backend.OpenWrite)
	require.NoError(t, run(t, d, write(h, 1, "2")))
	d.opts.FailureRate = 1
	require.ErrorIs(t, run(t, d, &backend.Op{Kind: backend.OpSync, Handle: h}), syscall.EIO)
	d.opts.FailureRate = 0
	require.NoError(t, run(t, d, &backend.Op{Kind: backend.OpSync, Handle: h}))
	require.Equal(t, 1, d.Failures())
	require.Equal(t, []string{"/d/a=1\x00", "/d/a=12"}, survivors(d))
}

// TestPermissions of a created file are sure when it is synced in full.
func TestPermissions(t *testing.T) {
	for kind, want := range map[backend.Kind][]fs.FileMode{backend.OpSync: {0o640}, backend.OpDatasync: {0o600, 0o640}} {
		d := New(Options{Dirs: []string{"/d"}})
		h := open(t, d, "/d/a", backend.OpenCreate)
		require.NoError(t, run(t, d, &backend.Op{Kind: kind, Handle: h}))
		syncDir(t, d, "/d")
		seen := map[fs.FileMode]bool{}
		for seed := range int64(50) {
			seen[d.AfterCrash(seed).Files()[path.Join("/d", "a")].Mode] = true
		}
		require.Len(t, seen, len(want), kind)
		for _, mode := range want {
			require.True(t, seen[mode], "%v: %v", kind, mode)
		}
	}
}
