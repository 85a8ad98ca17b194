package measure

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLatency(t *testing.T) {
	var m, other meter
	for i := range 1000 {
		m.record(time.Duration(i+1) * time.Microsecond)
		other.record(time.Duration(i+1001) * time.Microsecond)
	}
	l := m.latency()
	require.EqualValues(t, 1000, l.N)
	require.EqualValues(t, 1000, l.Min)
	require.EqualValues(t, 1_000_000, l.Max)
	require.InDelta(t, 500_500, l.Mean, 0.01)
	require.InDelta(t, 288_675, l.Stddev, 1)
	require.InEpsilon(t, 500_000, l.Percentile(50), 0.01)
	require.InEpsilon(t, 990_000, l.Percentile(99), 0.01)
	require.InEpsilon(t, 1000, l.Percentile(0.01), 0.01)

	both := l.merge(other.latency())
	require.EqualValues(t, 2000, both.N)
	require.EqualValues(t, 2_000_000, both.Max)
	require.InDelta(t, 1_000_500, both.Mean, 0.01)
	require.InDelta(t, 577_350, both.Stddev, 1)
	require.InEpsilon(t, 1_000_000, both.Percentile(50), 0.01)
	require.Equal(t, l, Latency{}.merge(l))
	require.Equal(t, l, l.merge(Latency{}))
	require.Zero(t, Latency{}.Percentile(50))
}

func TestRecorder(t *testing.T) {
	r := NewRecorder(10*time.Millisecond, 10*time.Millisecond, 3)
	ms := time.Millisecond
	r.Record(Read, 100, 0, 0, 5*ms) // within the ramp
	for i := 1; i <= 10; i++ {
		at := time.Duration(10+4*i) * ms
		r.Record(Read, 1000, at-3*ms, at-2*ms, at)
	}
	r.Record(Write, 50, 20*ms, 20*ms, 30*ms)
	r.Submitted(1, 1)
	r.Submitted(2, 3)
	r.Submitted(5, 64)
	r.Submitted(70, 500)
	r.Completed(0)
	r.Completed(64)
	require.EqualValues(t, 12, r.Total())
	res := r.Result()
	read := res.Dirs[Read]
	require.EqualValues(t, 10, read.IOs)
	require.EqualValues(t, 10_000, read.Bytes)
	require.Equal(t, 40*ms, read.Runtime)
	require.InDelta(t, 250, read.Rate(), 0.01)
	require.InDelta(t, 250_000, read.Bandwidth(), 0.01)
	require.EqualValues(t, 1*ms, read.Slat.Max)
	require.EqualValues(t, 2*ms, read.Clat.Max)
	require.EqualValues(t, 3*ms, read.Lat.Max)
	require.EqualValues(t, 10, res.Dirs[Write].Lat.Mean/1e6)
	require.Zero(t, res.Dirs[Write].Slat.N)
	require.Equal(t, [7]int64{1, 0, 1, 0, 0, 0, 2}, res.Depth)
	require.Equal(t, [7]int64{0, 2, 1, 0, 0, 0, 1}, res.Submit)
	require.Equal(t, [7]int64{1, 0, 0, 0, 0, 1, 0}, res.Complete)
	require.EqualValues(t, 11, res.IOs())

	var ios, bytes int64
	for _, s := range res.Series {
		require.Equal(t, 3, s.Clone)
		ios, bytes = ios+s.IOs, bytes+s.Bytes
	}
	require.EqualValues(t, 11, ios, "every request is in one sample")
	require.EqualValues(t, 10_050, bytes)
	require.InDelta(t, 250, read.IOPS.Mean, 60)
}

func TestAdd(t *testing.T) {
	make := func(n int) Result {
		r := NewRecorder(0, 0, 0)
		for range n {
			r.Record(Write, 10, 0, 0, time.Second)
		}
		res := r.Result()
		res.Usage = Usage{User: time.Second, Switches: 5}
		return res
	}
	a := make(3)
	a.Add(make(4))
	require.Equal(t, 2, a.Clones)
	require.EqualValues(t, 7, a.Dirs[Write].IOs)
	require.EqualValues(t, 7, a.Dirs[Write].Lat.N)
	require.Equal(t, time.Second, a.Dirs[Write].Runtime)
	require.Equal(t, 2*time.Second, a.Elapsed)
	require.Equal(t, 2*time.Second, a.Usage.User)
	require.InDelta(t, 7, a.Rate(), 0.001)
	require.Equal(t, 2*time.Second/7, a.CPUPerOp())
}

func TestCompare(t *testing.T) {
	ones := []float64{1, 1, 1, 1}
	require.Equal(t, "1.20 (1.10 to 1.30)", Compare([]float64{1.3, 1.1, 1.2}, ones).String())
	require.Equal(t, "0.80 (0.70 to 0.90)", Compare([]float64{0.8, 0.7, 0.9}, ones).String())
	require.Equal(t, "1.25 (1.10 to 1.40)", Compare([]float64{1.2, 1.1, 1.4, 1.3}, ones).String())
	require.Equal(t, "1.05 (0.90 to 1.10) tie", Compare([]float64{0.9, 1.1, 1.05}, ones).String())
	require.Equal(t, "-", Compare(nil, ones).String())
	// The ratio is of figures of the same round: a machine that slows down
	// slows both down.
	require.Equal(t, Ratios{2, 2, 2}, Compare([]float64{2, 20, 200}, []float64{1, 10, 100}))
}

func TestMiddleRound(t *testing.T) {
	require.Equal(t, 0, MiddleRound([]float64{5, 9, 1}))
	require.Equal(t, 1, MiddleRound([]float64{7, 2, 1, 9}))
	require.Equal(t, 0, MiddleRound([]float64{3}))
}

func TestProcess(t *testing.T) {
	before := Process()
	for begin := time.Now(); time.Since(begin) < 30*time.Millisecond; {
	}
	u := Process().Since(before)
	require.Positive(t, u.User+u.System)
	require.Equal(t, Usage{User: 2, System: 4, Switches: 6}, Usage{User: 4, System: 8, Switches: 12}.Share(2))
}

func TestCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	require.NoError(t, Preread([]string{path}))
	if Resident([]string{path}) == "unknown how much is cached" {
		t.Skip("SKIPPED: this kernel does not tell what is cached")
	}
	require.Equal(t, "100% cached", Resident([]string{path}))
	if FileSystem(path) == "tmpfs (nothing there is durable)" {
		t.Skip("SKIPPED: tmpfs is the page cache")
	}
	require.NoError(t, DropFiles([]string{path}))
	require.Equal(t, "0% cached", Resident([]string{path}))
	require.Equal(t, "nothing to cache", Resident(nil))

	missing := []string{path + "x"}
	require.ErrorIs(t, Preread(missing), os.ErrNotExist)
	require.ErrorIs(t, DropFiles(missing), os.ErrNotExist)
	require.Equal(t, "unknown how much is cached", Resident(missing))
}

func TestDropSystem(t *testing.T) {
	real := dropCaches
	t.Cleanup(func() { dropCaches = real })
	dropCaches = filepath.Join(t.TempDir(), "drop_caches")
	require.ErrorIs(t, DropSystem(), os.ErrNotExist)
	require.NoError(t, os.WriteFile(dropCaches, nil, 0o600))
	require.NoError(t, DropSystem())
	text, err := os.ReadFile(dropCaches)
	require.NoError(t, err)
	require.Equal(t, "3\n", string(text))
}

func TestEnvironment(t *testing.T) {
	e := Look(t.TempDir(), "because")
	require.Positive(t, e.CPUs)
	for _, s := range []string{e.System, e.Kernel, e.CPU, e.Go, e.FileSystem, e.Mitigations, e.Fio} {
		require.NotEmpty(t, s)
	}
	require.Contains(t, e.Lines()[3], "because")
	t.Setenv("PATH", t.TempDir())
	require.Equal(t, "not installed", FioVersion())
}

// The test is a process itself, and the children it has waited for count.
func TestProcesses(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("SKIPPED: there is no /proc here")
	}
	for begun := time.Now(); time.Since(begun) < 100*time.Millisecond; {
	}
	used := Processes(os.Getpid())
	require.Positive(t, used.User+used.System)
	require.Zero(t, Processes(-2))
}
