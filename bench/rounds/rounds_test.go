package rounds

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

// perform runs a job file in a directory that is empty afterwards, or the test
// fails.
func perform(t *testing.T, text string, o Options) (*Outcome, error) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	specs, err := job.Parse("x.fio", strings.NewReader(text))
	require.NoError(t, err)
	o.Specs = specs
	out, err := Run(t.Context(), o)
	left, rerr := os.ReadDir(dir)
	require.NoError(t, rerr)
	require.Empty(t, left, "leftovers")
	return out, err
}

func must(t *testing.T, text string, o Options) *Outcome {
	t.Helper()
	out, err := perform(t, text, o)
	require.NoError(t, err)
	return out
}

var own = []string{"uring", "threadpool", "uring-raw", "sync"}

const ownList = "uring,threadpool,uring-raw,sync"

// Every kind of job does the work that its words ask for, on every engine.
func TestBlockJobs(t *testing.T) {
	for _, c := range []struct {
		options              string
		reads, writes, syncs int64 // -1: not checked
	}{
		{"rw=read", 16, 0, 0},
		{"rw=randread\niodepth=8\niodepth_batch=4", 16, 0, 0},
		{"rw=write", 0, 16, 0},
		{"rw=randwrite\nnrfiles=2", 0, 16, 0},
		{"rw=write\nfsync=4", 0, 16, 4},
		{"rw=write\nfdatasync=2\niodepth=4", 0, 16, 8},
		{"rw=write\nend_fsync=1\nnrfiles=2", 0, 16, 2},
		{"rw=read\nverify=crc32c", 16, 0, 0},
		{"rw=write\nverify=crc32c\niodepth=4", 0, 16, 0},
		{"rw=randwrite\nverify=crc32c\nbs=8k\nnrfiles=2", 0, 8, 0},
		{"rw=read\nloops=3", 48, 0, 0},
		{"rw=read\nio_size=16k", 4, 0, 0},
		{"rw=read\nbs=16k", 4, 0, 0},
		{"rw=read\nnumjobs=3\ngroup_reporting", 48, 0, 0},
		{"rw=read\nnumjobs=3\nfilename=shared\nthread", 48, 0, 0},
		{"rw=randread\nnorandommap\nrandseed=4\nrandrepeat=0", 16, 0, 0},
		{"rw=read:-8k", 16, 0, 0},
		{"rw=read\nrate=100m\nrate_iops=100000", 16, 0, 0},
		{"rw=read\nrate_iops=400", 16, 0, 0},
	} {
		out := must(t, "[j]\nsize=64k\nioengine="+ownList+"\n"+c.options, Options{Rounds: 1})
		for _, e := range out.Engines {
			r := out.Turns[e][0][0].Whole()
			require.Equal(t, c.reads, r.Dirs[measure.Read].IOs, "%s: %s", e, c.options)
			require.Equal(t, c.writes, r.Dirs[measure.Write].IOs, "%s: %s", e, c.options)
			require.Equal(t, c.syncs, r.Dirs[measure.Sync].IOs, "%s: %s", e, c.options)
			require.Positive(t, r.Rate(), "%s: %s", e, c.options)
		}
	}
}

func TestMixes(t *testing.T) {
	out := must(t, "[j]\nsize=1m\nrw=randrw\nrwmixread=75\niodepth=4\nfsync=16\nioengine="+ownList, Options{Rounds: 2})
	for _, e := range out.Engines {
		for _, turn := range out.Turns[e] {
			r := turn[0].Whole()
			require.EqualValues(t, 256, r.IOs(), e)
			require.InDelta(t, 192, r.Dirs[measure.Read].IOs, 40, e)
		}
	}
}

func TestTimes(t *testing.T) {
	text := "[j]\nsize=64k\nrw=read\nruntime=200ms\ntime_based\nramp_time=100ms\nioengine=sync"
	begun := time.Now()
	r := must(t, text, Options{}).Turns["sync"][0][0].Whole()
	require.GreaterOrEqual(t, time.Since(begun), 300*time.Millisecond)
	require.GreaterOrEqual(t, r.Dirs[measure.Read].Runtime, 190*time.Millisecond)
	require.Greater(t, r.IOs(), int64(16))

	slow := "[j]\nsize=64k\nrw=read\nrate=320k\nioengine=sync\nstartdelay=100ms"
	begun = time.Now()
	must(t, slow, Options{})
	require.GreaterOrEqual(t, time.Since(begun), 250*time.Millisecond, "64k at 320k/s, less the last block")
}

// Jobs begin when what they wait for has ended.
func TestOrder(t *testing.T) {
	out := must(t, `[global]
size=64k
ioengine=sync
[a]
rate_iops=80
[b]
rate_iops=80
[c]
stonewall
[d]
wait_for=c
new_group
group_reporting
`, Options{})
	began := func(i int) time.Time { return out.Turns[out.Engines[0]][0][i].Clones[0].Began }
	ended := func(i int) time.Time {
		r := out.Turns[out.Engines[0]][0][i].Clones[0]
		return r.Began.Add(r.Elapsed)
	}
	require.True(t, began(1).Before(ended(0)), "b runs beside a")
	require.True(t, began(0).Before(ended(1)), "a runs beside b")
	require.False(t, began(2).Before(ended(0)))
	require.False(t, began(2).Before(ended(1)))
	require.False(t, began(3).Before(ended(2)))
	var groups []int
	for _, p := range out.Turns["sync"][0] {
		groups = append(groups, p.Clones[0].Group)
	}
	require.Equal(t, []int{0, 0, 1, 2}, groups)
}

func TestCacheState(t *testing.T) {
	for options, want := range map[string]string{"invalidate=1": "0% cached", "pre_read=1": "100% cached"} {
		out := must(t, "[j]\nsize=1m\nioengine=sync\n"+options, Options{})
		if got := out.Turns["sync"][0][0].Clones[0].Cache; got != "unknown how much is cached" &&
			!strings.HasPrefix(out.Environment.FileSystem, "tmpfs") {
			require.Equal(t, want, got, options)
		}
	}
}

// Engines take turns in every round, in an order that the seed decides.
func TestRounds(t *testing.T) {
	var order []string
	note := func(_ float64, what string) {
		if len(order) == 0 || order[len(order)-1] != what {
			order = append(order, what)
		}
	}
	text := "[j]\nsize=64k\nioengine=sync,threadpool"
	out := must(t, text, Options{Rounds: 4, Seed: 3, Progress: noter(note)})
	require.Equal(t, 4, out.Rounds)
	require.Len(t, out.Turns["sync"], 4)
	require.Len(t, out.Turns["threadpool"], 4)
	require.Equal(t, "threadpool", out.Baseline)
	require.Len(t, order, 8)
	first := order
	order = nil
	must(t, text, Options{Rounds: 4, Seed: 3, Progress: noter(note)})
	require.Equal(t, first, order, "the same seed, the same order")
	require.True(t, slices.ContainsFunc(first, func(s string) bool { return strings.HasSuffix(s, "sync") }))
	require.Equal(t, defaultRounds, must(t, text, Options{}).Rounds)
	_, err := perform(t, text, Options{Baseline: "uring"})
	require.ErrorContains(t, err, "baseline")
}

type noter func(float64, string)

func (n noter) At(share float64, what string) { n(share, what) }
func (noter) Done()                           {}

// Each job on the engine that it names, or several engines on all jobs.
func TestEngines(t *testing.T) {
	out := must(t, "[global]\nsize=64k\n[a]\nioengine=sync\n[b]\nioengine=threadpool", Options{})
	require.Equal(t, []string{AsWritten}, out.Engines)
	require.Equal(t, "threadpool", out.Turns[AsWritten][0][1].Clones[0].Engine)
	_, err := perform(t, "[global]\nsize=64k\n[a]\nioengine=sync\n[b]\nioengine=threadpool,uring", Options{})
	require.ErrorContains(t, err, "compare the same ones")
}

// Goroutines that share a descriptor do each block once together.
func TestPread(t *testing.T) {
	out := must(t, "[j]\nsize=256k\nrw=randread\niodepth=8\nnumjobs=2\nioengine=pread,sync", Options{Rounds: 1})
	for _, e := range out.Engines {
		clones := out.Turns[e][0][0].Clones
		require.Len(t, clones, 2, e)
		for _, r := range clones {
			require.EqualValues(t, 64, r.IOs(), e)
			require.Equal(t, 1, r.Clones, e)
		}
	}
	require.Contains(t, out.Turns["pread"][0][0].Clones[0].Notes[0], "8 goroutines")
}

func TestWithoutFio(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	out := must(t, "[j]\nsize=64k\nioengine=sync,fio:psync", Options{Rounds: 1})
	require.Equal(t, []string{"sync"}, out.Engines)
	require.Equal(t, []string{"fio:psync: engine unavailable: fio is not installed"}, out.Skipped)
	require.Equal(t, "sync", out.Baseline)
	_, err := perform(t, "[j]\nsize=64k\nioengine=fio:psync", Options{})
	require.ErrorContains(t, err, "no engine works")
}

func TestWithFio(t *testing.T) {
	out := must(t, "[j]\nsize=64k\nnumjobs=2\nrw=randread\nioengine=sync,psync", Options{Rounds: 1})
	if len(out.Skipped) > 0 {
		t.Skip("SKIPPED: ", out.Skipped)
	}
	r := out.Turns["fio:psync"][0][0].Whole()
	require.EqualValues(t, 32, r.IOs())
	require.Equal(t, 2, r.Clones)
}

// An error in the middle ends the run, and nothing is left.
func TestFailure(t *testing.T) {
	_, err := perform(t, "[global]\nsize=64k\nioengine=sync\n[a]\n[b]\nfilename=missing/x", Options{})
	require.ErrorIs(t, err, os.ErrNotExist)

	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	require.NoError(t, os.WriteFile(old, []byte("precious"), 0o600))
	_, err = perform(t, "[j]\nsize=64k\nrw=write\nioengine=sync\nfilename="+old, Options{})
	require.ErrorContains(t, err, "is there already")
	data, err := os.ReadFile(old)
	require.NoError(t, err)
	require.Equal(t, "precious", string(data))
}

func TestCancel(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{
		"[j]\nsize=1m\nruntime=60\ntime_based\nioengine=" + ownList,
		"[j]\nsize=1m\nruntime=60\ntime_based\nioengine=fio:psync,sync",
		"[j]\nworkload=mail-deliver\nnrfiles=1000\nioengine=sync",
	} {
		specs, err := job.Parse("x.fio", strings.NewReader(text+"\ndirectory="+dir))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		stop := noter(func(share float64, _ string) { cancel() })
		if strings.Contains(text, "workload") {
			cancel()
		}
		_, err = Run(ctx, Options{Specs: specs, Progress: stop})
		require.ErrorIs(t, err, context.Canceled, text)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left, text)
	}
}

// What was measured until an interrupt is told: whole rounds, and of an engine
// that has none its first round as far as it came. Jobs that have not begun are
// left out.
func TestInterrupted(t *testing.T) {
	ios := func(p Part) int64 { r := p.Whole(); return r.IOs() }
	cut := func(text string, at float64) *Outcome {
		specs, err := job.Parse("x.fio", strings.NewReader(text+"\ndirectory="+t.TempDir()))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		out, err := Run(ctx, Options{Specs: specs, Rounds: 3, Progress: noter(func(share float64, _ string) {
			if share > at {
				cancel()
			}
		})})
		require.ErrorIs(t, err, context.Canceled)
		return out
	}
	first := cut("[a]\nsize=64k\nrw=randread\nruntime=60\ntime_based\nioengine=sync\n[b]\nstonewall\nsize=64k\nioengine=sync", 0.001)
	require.True(t, first.Interrupted)
	require.Equal(t, 1, first.Rounds)
	require.Len(t, first.Specs, 1)
	require.Len(t, first.Turns["sync"], 1)
	require.Positive(t, ios(first.Turns["sync"][0][0]))

	later := cut("[a]\nsize=64k\nrw=randread\nruntime=100ms\ntime_based\nioengine=sync,threadpool", 0.4999)
	require.Contains(t, []int{1, 2}, later.Rounds)
	require.Len(t, later.Engines, 2)
	for _, e := range later.Engines {
		require.Positive(t, ios(later.Turns[e][0][0]))
	}
	nothing := cut("[a]\nsize=64k\nstartdelay=60\nioengine=sync", -1)
	require.Nil(t, nothing)

	byFio := cut("[a]\nsize=64k\nrw=randread\nruntime=60\ntime_based\nioengine=sync,fio:psync", 0.01)
	require.Len(t, byFio.Engines, 1)
	require.Equal(t, byFio.Engines[0], byFio.Baseline)
	require.Positive(t, ios(byFio.Turns[byFio.Engines[0]][0][0]))
}

// A block that is not what was written ends the run.
func TestVerifyFindsDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, e := range own {
		specs, err := job.Parse("x.fio", strings.NewReader("[j]\nsize=64k\nverify=crc32c\nunlink=0\nfilename="+path+"\nioengine="+e))
		require.NoError(t, err)
		_, err = Run(t.Context(), Options{Specs: specs})
		require.NoError(t, err)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{1, 2, 3}, 5000)
		require.NoError(t, errors.Join(err, f.Close()))
		_, err = Run(t.Context(), Options{Specs: specs})
		require.ErrorContains(t, err, path+": offset 4096: crc32c", e)
		require.NoError(t, os.Remove(path))
	}
}
