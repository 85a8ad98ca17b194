package fio

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

func clones(t *testing.T, options ...string) []*driver.Clone {
	t.Helper()
	specs, err := job.ParseArgs(append([]string{"name=j", "directory=" + t.TempDir()}, options...))
	require.NoError(t, err)
	return driver.Clones(specs[0])
}

// run prepares the files and lets fio do the job.
func run(t *testing.T, ioengine string, options ...string) []measure.Result {
	t.Helper()
	if _, err := Find(); err != nil {
		t.Skip("SKIPPED: fio is not installed: nothing of package fio has been tried")
	}
	var f driver.Files
	c := clones(t, options...)
	require.NoError(t, f.Prepare(t.Context(), c))
	all, err := Run(t.Context(), c, ioengine)
	require.NoError(t, err)
	return all
}

func TestRun(t *testing.T) {
	for _, ioengine := range append(job.FioEngines, "io_uring+registered+complete") {
		t.Run(ioengine, func(t *testing.T) {
			all := run(t, ioengine, "rw=randread", "size=256k", "bs=4k", "iodepth=4", "numjobs=2")
			require.Len(t, all, 2)
			for _, r := range all {
				read := r.Dirs[measure.Read]
				require.EqualValues(t, 64, read.IOs)
				require.EqualValues(t, 256<<10, read.Bytes)
				require.EqualValues(t, 64, read.Lat.N)
				require.Positive(t, read.Lat.Percentile(50))
				require.Positive(t, read.Clat.Percentile(99))
				require.Zero(t, r.Dirs[measure.Write].IOs)
			}
		})
	}
}

// fio takes every option in the way it is written here, and does the same
// amount of work as the driver would.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		options       []string
		reads, writes int64
	}{
		{[]string{"size=64k", "rw=write", "fsync=4"}, 0, 16},
		{[]string{"size=64k", "rw=write", "fdatasync=4", "end_fsync=1"}, 0, 16},
		{[]string{"size=64k", "rw=randwrite", "verify=crc32c"}, 16, 16}, // fio counts what it reads back
		{[]string{"size=64k", "rw=randwrite", "verify=crc32c", "do_verify=0"}, 0, 16},
		{[]string{"size=64k", "nrfiles=4", "loops=3"}, 48, 0},
		{[]string{"size=64k", "io_size=32k", "rw=read:4k"}, 8, 0},
		{[]string{"size=64k", "rate=10m,1m", "randseed=3", "norandommap", "rw=randread", "thread"}, 16, 0},
		{[]string{"size=64k", "rate_iops=10000", "invalidate=0", "randrepeat=0"}, 16, 0},
		{[]string{"size=64k", "pre_read=1", "iodepth=4", "iodepth_batch=2"}, 16, 0},
		{[]string{"filesize=16k-32k", "nrfiles=1", "bs=16k", "numjobs=1"}, 1, 0},
		{[]string{"size=64k", "filename=a:b"}, 16, 0},
	} {
		all := run(t, "psync", c.options...)
		require.InDelta(t, c.reads, all[0].Dirs[measure.Read].IOs, 1, c.options)
		require.Equal(t, c.writes, all[0].Dirs[measure.Write].IOs, c.options)
	}
	timed := run(t, "psync", "size=64k", "runtime=300ms", "time_based=1", "ramp_time=100ms")
	require.GreaterOrEqual(t, timed[0].Dirs[measure.Read].Runtime.Milliseconds(), int64(290))
}

func TestErrors(t *testing.T) {
	if _, err := Find(); err != nil {
		t.Skip("SKIPPED: fio is not installed: its errors have not been tried")
	}
	impossible := clones(t, "size=64k", "filename=plain/x")
	require.NoError(t, os.WriteFile(filepath.Join(impossible[0].Spec.Directory, "plain"), nil, 0o600))
	_, err := Run(t.Context(), impossible, "psync")
	require.ErrorContains(t, err, "fio: ")

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	c := clones(t, "size=64k", "time_based", "runtime=60")
	var f driver.Files
	require.NoError(t, f.Prepare(t.Context(), c))
	begun := time.Now()
	_, err = Run(ctx, c, "psync")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begun), 50*time.Second, "fio was ended")
}

func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Run(t.Context(), clones(t, "size=64k"), "psync")
	require.ErrorIs(t, err, engine.ErrUnavailable)
	require.ErrorContains(t, err, "fio is not installed")
}

func TestUnreadable(t *testing.T) {
	for _, text := range []string{"", "fio: failed", "{", `{"jobs": 3}`} {
		_, err := Parse([]byte(text))
		require.ErrorIs(t, err, ErrReport, text)
	}
	_, err := Parse([]byte(`note: something` + "\n" + `{"jobs": [{"jobname": "x", "error": 5}]}`))
	require.ErrorContains(t, err, "error 5")
}

// fio's plain JSON has no bins; its percentiles stand for them.
func TestPlainJSON(t *testing.T) {
	path, err := Find()
	if err != nil {
		t.Skip("SKIPPED: fio is not installed: its plain JSON has not been read")
	}
	out := filepath.Join(t.TempDir(), "out.json")
	cmd := exec.CommandContext(t.Context(), path, "--name=a", "--size=256k", "--directory="+t.TempDir(), "--output-format=json", "--output="+out)
	require.NoError(t, cmd.Run())
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	report, err := Decode(text)
	require.NoError(t, err)
	all, err := Parse(text)
	require.NoError(t, err)
	want := report.Jobs[0].Read.Clat
	require.Equal(t, want.Percentile["50.000000"], all[0].Dirs[measure.Read].Clat.Percentile(50))
	require.Equal(t, want.Percentile["99.000000"], all[0].Dirs[measure.Read].Clat.Percentile(99))
}

// What the start costs does not count, all else does.
func TestCPUTime(t *testing.T) {
	burn := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done")
	if err := burn.Run(); err != nil {
		t.Skipf("SKIPPED: no shell: %v", err)
	}
	all := cpuTime(burn.ProcessState, nil)
	require.Equal(t, burn.ProcessState.UserTime(), all.User)
	require.Positive(t, all.User+all.System)
	require.Zero(t, cpuTime(burn.ProcessState, burn.ProcessState))
}
