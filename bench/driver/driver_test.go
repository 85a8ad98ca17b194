package driver

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

func spec(t *testing.T, options ...string) *job.Spec {
	t.Helper()
	specs, err := job.ParseArgs(append([]string{"name=j"}, options...))
	require.NoError(t, err)
	return specs[0]
}

func TestPermutation(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 7, 8, 100, 1000, 4097} {
		p := newPermutation(n, n)
		seen := make([]bool, n)
		moved := 0
		for i := range n {
			k := p.at(i)
			require.Less(t, k, n)
			require.False(t, seen[k], "%d comes twice of %d", k, n)
			seen[k] = true
			if k != i {
				moved++
			}
		}
		if n > 10 {
			require.Greater(t, moved, int(n)/2)
		}
	}
}

// blocks draws a whole pass.
func blocks(p *pattern) (list []block) {
	for {
		b, ok := p.next()
		if !ok {
			return list
		}
		list = append(list, b)
	}
}

// Goroutines that share a clone's blocks do each of them once together.
func TestParts(t *testing.T) {
	sizes := []int64{40 << 10, 24 << 10}
	var all []block
	for i := range 3 {
		all = append(all, blocks(newPattern(spec(t, "size=64k", "rw=randread"), sizes, 1, Part{i, 3}))...)
	}
	whole := blocks(newPattern(spec(t, "size=64k", "rw=randread"), sizes, 1, Part{}))
	require.ElementsMatch(t, whole, all)
	require.Len(t, blocks(newPattern(spec(t, "size=64k", "rw=randread", "io_size=24k"), sizes, 1, Part{1, 3})), 2)
	first := blocks(newPattern(spec(t, "size=64k", "rw=randread", "norandommap"), sizes, 1, Part{0, 2}))
	require.NotEqual(t, first, blocks(newPattern(spec(t, "size=64k", "rw=randread", "norandommap"), sizes, 1, Part{1, 2})))
}

func TestPatterns(t *testing.T) {
	sizes := []int64{40 << 10, 24 << 10}
	offsets := func(list []block, file int) (offs []int64) {
		for _, b := range list {
			if b.file == file {
				offs = append(offs, b.off/4096)
			}
		}
		return offs
	}
	sequential := blocks(newPattern(spec(t, "size=64k"), sizes, 1, Part{}))
	require.Equal(t, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, offsets(sequential, 0))
	require.Equal(t, []int64{0, 1, 2, 3, 4, 5}, offsets(sequential, 1))
	require.Equal(t, 1, sequential[1].file, "files take turns")

	random := blocks(newPattern(spec(t, "size=64k", "rw=randread"), sizes, 1, Part{}))
	require.NotEqual(t, offsets(sequential, 0), offsets(random, 0))
	require.ElementsMatch(t, offsets(sequential, 0), offsets(random, 0), "every block once")
	require.ElementsMatch(t, offsets(sequential, 1), offsets(random, 1))
	require.Equal(t, random, blocks(newPattern(spec(t, "size=64k", "rw=randread"), sizes, 1, Part{})))
	require.NotEqual(t, random, blocks(newPattern(spec(t, "size=64k", "rw=randread"), sizes, 2, Part{})))

	anywhere := offsets(blocks(newPattern(spec(t, "size=4m", "rw=randread", "norandommap"), []int64{4 << 20}, 1, Part{})), 0)
	slices.Sort(anywhere)
	drawn := len(anywhere)
	require.Equal(t, 1024, drawn)
	require.Less(t, len(slices.Compact(anywhere)), drawn, "some block twice")

	backwards := blocks(newPattern(spec(t, "size=64k", "rw=read:-8k"), sizes[:1], 1, Part{}))
	require.Equal(t, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, offsets(backwards, 0))
	skipping := blocks(newPattern(spec(t, "size=64k", "rw=read:4k"), sizes[:1], 1, Part{}))
	require.Equal(t, []int64{0, 2, 4, 6, 8}, offsets(skipping, 0))

	require.Len(t, blocks(newPattern(spec(t, "size=64k", "io_size=12k"), sizes, 1, Part{})), 3)
}

func TestMixAndRanges(t *testing.T) {
	mixed := blocks(newPattern(spec(t, "size=4m", "rw=randrw", "rwmixread=75"), []int64{4 << 20}, 1, Part{}))
	reads := 0
	for _, b := range mixed {
		if b.dir == measure.Read {
			reads++
		}
	}
	require.InEpsilon(t, 0.75*1024, reads, 0.1)

	sizes := map[int]int{}
	var total, end int64
	for _, b := range blocks(newPattern(spec(t, "size=1000000", "rw=write", "bsrange=1k-4k"), []int64{1_000_000}, 1, Part{})) {
		sizes[b.len]++
		require.Equal(t, end, b.off)
		end = b.off + int64(b.len)
		total += int64(b.len)
	}
	require.EqualValues(t, 1_000_000, total)
	for _, n := range []int{1024, 2048, 3072, 4096} {
		require.Greater(t, sizes[n], 50, "blocks of %d bytes", n)
	}
}

func TestPace(t *testing.T) {
	p := pace{spec: spec(t, "size=1m", "rate=1000,", "rate_iops=,10")}
	require.Zero(t, p.due(0))
	p.took(0, 500)
	require.Equal(t, 500*time.Millisecond, p.due(0))
	p.took(1, 4096)
	p.took(1, 4096)
	require.Equal(t, 200*time.Millisecond, p.due(1))
}

func TestVerify(t *testing.T) {
	buf := make([]byte, 4096)
	seal(buf, 7, 8192)
	require.NoError(t, unseal(buf, "f", 7, 8192))
	for i := range buf {
		buf[i] ^= 0x10
		require.Error(t, unseal(buf, "f", 7, 8192), "byte %d", i)
		buf[i] ^= 0x10
	}
	require.ErrorContains(t, unseal(buf, "f", 8, 8192), "seed")
	require.ErrorContains(t, unseal(buf, "f", 7, 4096), "f: offset 4096: the block belongs to offset 8192")
	require.ErrorContains(t, unseal(buf[:512], "f", 7, 8192), "4096 bytes, not 512")
	require.ErrorContains(t, unseal(make([]byte, 64), "f", 7, 0), "no block")
}

func TestNames(t *testing.T) {
	clones := Clones(spec(t, "directory=/d", "size=8k", "nrfiles=2", "numjobs=2", "bs=4k"))
	require.Equal(t, []string{"/d/j.1.0", "/d/j.1.1"}, clones[1].Paths)
	require.Equal(t, []int64{4096, 4096}, clones[1].Sizes)
	clones = Clones(spec(t, "directory=/d", "size=8k", "filename=a:/abs/b"))
	require.Equal(t, []string{"/d/a", "/abs/b"}, clones[0].Paths)
	for _, size := range Clones(spec(t, "filesize=4k-64k", "nrfiles=50"))[0].Sizes {
		require.GreaterOrEqual(t, size, int64(4096))
		require.LessOrEqual(t, size, int64(65536))
	}
}

// What the run has made is removed, what was there is not touched.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	require.NoError(t, os.WriteFile(old, make([]byte, 8192), 0o600))
	prepare := func(f *Files, options ...string) ([]*Clone, error) {
		clones := Clones(spec(t, append(options, "directory="+dir)...))
		return clones, f.Prepare(context.Background(), clones)
	}
	var f Files
	clones, err := prepare(&f, "size=8k", "nrfiles=2", "bs=4k")
	require.NoError(t, err)
	for _, p := range clones[0].Paths {
		info, err := os.Stat(p)
		require.NoError(t, err)
		require.EqualValues(t, 4096, info.Size())
	}
	_, err = prepare(&f, "size=8k", "filename=old")
	require.NoError(t, err, "reading what is there")
	for _, c := range []struct{ says, rw, filename, size string }{
		{"is there already", "write", "old", "8k"},
		{"is there already", "rw", "old", "8k"},
		{"has 8192 bytes", "read", "old", "16k"},
		{"not a regular file", "read", dir, "8k"},
		{"no such file", "read", "missing/x", "8k"},
	} {
		_, err := prepare(&f, "rw="+c.rw, "filename="+c.filename, "size="+c.size)
		require.ErrorContains(t, err, c.says)
	}
	bad := Clones(spec(t, "directory="+filepath.Join(dir, "nowhere"), "size=8k"))
	require.ErrorContains(t, f.Prepare(context.Background(), bad), "directory: ")
	bad = Clones(spec(t, "directory="+old, "size=8k"))
	require.ErrorContains(t, f.Prepare(context.Background(), bad), "not a directory")

	require.NoError(t, f.Remove())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "only the old file")

	_, err = prepare(&f, "size=8k", "unlink=0")
	require.NoError(t, err)
	require.NoError(t, f.Remove())
	require.FileExists(t, filepath.Join(dir, "j.0.0"))
}
