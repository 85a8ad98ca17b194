package report

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// outcome runs a small job.
func outcome(t *testing.T, text string, n int) *rounds.Outcome {
	t.Helper()
	specs, err := job.Parse("x.fio", strings.NewReader(text+"\ndirectory="+t.TempDir()))
	require.NoError(t, err)
	o, err := rounds.Run(t.Context(), rounds.Options{Specs: specs, Rounds: n})
	require.NoError(t, err)
	return o
}

const mixed = "[j]\nsize=1m\nrw=randrw\nnumjobs=2\nfsync=8\nioengine=sync,threadpool"

func TestNormal(t *testing.T) {
	var b bytes.Buffer
	Normal(&b, outcome(t, mixed+"\ngroup_reporting", 3))
	for _, want := range []string{
		`(?m)^machine     `, `(?m)^mitigations `, `(?m)^backend     auto takes `, `(?m)^fio         `, `seed 0`,
		`(?m)^j on sync: \(groupid=0, jobs=2\): err= 0: `,
		`  read: IOPS=[\d.]+k?, BW=[\d.]+[KM]iB/s \([\d.]+[kM]B/s\)\([\d.]+[KM]iB/\d+msec\)`,
		`  write: IOPS=`, `clat percentiles \([num]sec\)`, `99\.99th=\[ *\d+\]`, `fsync/fdatasync: \d+`,
		`cpu          : usr=[\d.]+%, sys=[\d.]+%, ctx=\d+`, `IO depths    : 1=100\.0%`, `issued rwts: total=\d+,\d+,0,\d+`,
		`Run status group 0 \(all jobs\):`, `   READ: bw=`, `  WRITE: bw=`,
		`job +engine +ops/s`, `Medians of 3 rounds`, `ratio: ops/s over those of threadpool`, `page cache at the beginning: `,
	} {
		require.Regexp(t, want, b.String())
	}
}

// A difference inside the spread is called a tie, one outside is not.
func TestTies(t *testing.T) {
	o := &rounds.Outcome{Engines: []string{"a", "b"}, Baseline: "b", Rounds: 2, Specs: []*job.Spec{{Name: "j"}}, Turns: map[string][][]rounds.Part{}}
	turn := func(engine string, rates ...int64) {
		for _, n := range rates {
			r := measure.Result{Name: "j", Engine: engine, Clones: 1}
			r.Dirs[measure.Read] = measure.Stats{IOs: n, Runtime: 1e9}
			o.Turns[engine] = append(o.Turns[engine], []rounds.Part{{Spec: o.Specs[0], Clones: []measure.Result{r}}})
		}
	}
	turn("a", 90, 110)
	turn("b", 100, 100)
	var b bytes.Buffer
	printComparison(&b, o)
	require.Contains(t, b.String(), "1.00 (0.90 to 1.10) tie")
	require.Regexp(t, `a over each of the others[^|]*\n +j +b +1\.00 \(0\.90 to 1\.10\) tie`, b.String())
	b.Reset()
	Markdown(&b, "file", o)
	require.Equal(t, "| `file` j | a | b | 1.00 (0.90 to 1.10) tie | - | - |\n", b.String())
	o.Turns = map[string][][]rounds.Part{}
	turn("a", 200, 300)
	turn("b", 100, 100)
	b.Reset()
	printComparison(&b, o)
	require.Contains(t, b.String(), "2.50 (2.00 to 3.00)\n")
	require.NotContains(t, b.String(), ") tie")
}

// keys returns the paths of all keys, with figures in names replaced.
func keys(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if path == "/jobs/job options" || strings.HasSuffix(path, "/bins") {
				continue
			}
			into[path+"/"+k] = true
			keys(x, path+"/"+k, into)
		}
	case []any:
		for _, x := range v {
			keys(x, path, into)
		}
	}
}

func keysOf(t *testing.T, text []byte) map[string]bool {
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	into := map[string]bool{}
	keys(v, "", into)
	return into
}

// Our JSON has every key that fio's has.
func TestJSONHasTheKeysOfFio(t *testing.T) {
	path, err := exec.LookPath("fio")
	if err != nil {
		t.Skip("SKIPPED: fio is not installed: its keys have not been compared with ours")
	}
	for format, bins := range map[string]bool{"json": false, "json+": true} {
		out := filepath.Join(t.TempDir(), "out.json")
		cmd := exec.CommandContext(t.Context(), path, "--name=j", "--size=1m", "--rw=randrw", "--fsync=8", "--ioengine=psync",
			"--directory="+t.TempDir(), "--output-format="+format, "--output="+out)
		require.NoError(t, cmd.Run())
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		var ours bytes.Buffer
		require.NoError(t, JSON(&ours, outcome(t, mixed, 1), bins))
		have := keysOf(t, ours.Bytes())
		for key := range keysOf(t, text) {
			if strings.HasPrefix(key, "/global options") || strings.HasPrefix(key, "/disk_util") {
				continue
			}
			require.True(t, have[key], "fio has %s", key)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	o := outcome(t, mixed, 3)
	require.NoError(t, JSON(&b, o, true))
	path := filepath.Join(t.TempDir(), "r.json")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	d, err := Load(path)
	require.NoError(t, err)
	require.Len(t, d.Jobs, 4, "two clones on two engines")
	for _, j := range d.Jobs {
		require.EqualValues(t, 256, j.Read.Total+j.Write.Total)
		require.Equal(t, j.Read.Total*4096, j.Read.Bytes)
		var binned int64
		for _, n := range j.Read.Clat.Bins {
			binned += n
		}
		require.Equal(t, j.Read.Clat.N, binned)
		require.InEpsilon(t, float64(j.Read.Total)/j.Read.IOPS*1000, float64(j.Read.Runtime)+1, 1)
	}
	require.Len(t, d.Ringbox.Comparison, 2)
	require.Len(t, d.Ringbox.Comparison[0].IOPS, 3)
	require.Equal(t, "threadpool", d.Ringbox.Baseline)
	require.NotEmpty(t, d.Ringbox.Environment.Kernel)
}

func TestTerse(t *testing.T) {
	var b bytes.Buffer
	Terse(&b, outcome(t, mixed, 1))
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	require.Len(t, lines, 4)
	for _, l := range lines {
		f := strings.Split(l, ";")
		require.Len(t, f, 121, "version 3 has 121 fields before the disks")
		require.Equal(t, "3", f[0])
		for _, i := range []int{5, 6, 7, 8, 46, 47} {
			_, err := strconv.Atoi(f[i])
			require.NoError(t, err, "field %d is %q", i, f[i])
		}
		require.Regexp(t, `^50\.000000%=\d+$`, f[23])
	}
}

var benchLine = regexp.MustCompile(`^Benchmark\S+-\d+\t\d+(\t[\d.]+ \S+)+$`)

func TestGoBench(t *testing.T) {
	var b bytes.Buffer
	GoBench(&b, outcome(t, mixed, 2))
	n := 0
	for _, l := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		if strings.HasPrefix(l, "Benchmark") {
			require.Regexp(t, benchLine, l)
			n++
		}
	}
	require.Equal(t, 4, n, "two rounds of two engines")
	require.Regexp(t, `(?m)^goos: `, b.String())
}

func TestLogs(t *testing.T) {
	dir := t.TempDir()
	o := outcome(t, "[j]\nsize=64m\nrw=rw\nioengine=sync\nnumjobs=2\nlog_avg_msec=1\nwrite_bw_log="+dir+"/x\nwrite_iops_log="+dir+"/x\nwrite_lat_log="+dir+"/x", 1)
	require.NoError(t, Logs(o))
	for _, name := range []string{"x_bw.1.log", "x_bw.2.log", "x_iops.1.log", "x_lat.2.log"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Regexp(t, `^(\d+, \d+, [01], 4096\n)+$`, string(text), name)
	}
	o.Specs[0].BandwidthLog = filepath.Join(dir, "missing", "x")
	require.ErrorIs(t, Logs(o), os.ErrNotExist)
}

// The page stands alone and has every chart; so do the PNG files.
func TestPage(t *testing.T) {
	dir := t.TempDir()
	var documents []*Document
	for _, depth := range []string{"1", "4"} {
		o := outcome(t, "[j]\nsize=1m\nrw=randread\nnrfiles="+depth+"\niodepth="+depth+"\nioengine=uring-raw,sync,threadpool", 2)
		d := document(o, false)
		d.file = depth + ".json"
		documents = append(documents, &d)
	}
	files, err := Page(filepath.Join(dir, "r.html"), documents)
	require.NoError(t, err)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NotRegexp(t, `(?i)<script|src=|href=["']?http|@import|url\(`, string(text), "nothing is fetched")
	require.Contains(t, string(text), `name="viewport"`)
	require.Equal(t, len(files)-1, strings.Count(string(text), "<svg"))
	var names []string
	for _, f := range files[1:] {
		file, err := os.Open(f)
		require.NoError(t, err)
		picture, err := png.Decode(file)
		require.NoError(t, err, f)
		require.Greater(t, picture.Bounds().Dx(), 600, f)
		require.NoError(t, file.Close())
		names = append(names, filepath.Base(f))
	}
	require.Equal(t, []string{"r-throughput-1.png", "r-latency-1.png", "r-throughput-2.png", "r-latency-2.png",
		"r-scaling-depth-1.png", "r-scaling-files-1.png"}, names)
}

func TestLoadErrors(t *testing.T) {
	for text, says := range map[string]string{"": "no JSON", "{": "unexpected end", `{"jobs": []}`: "no jobs", `{"jobs": 1}`: "cannot unmarshal"} {
		path := filepath.Join(t.TempDir(), "r.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, path)
	}
	_, err := Load(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestNumbers(t *testing.T) {
	require.Equal(t, "21.3k", count(21_300))
	require.Equal(t, "9999", count(9999))
	require.Equal(t, "666k", count(665_500))
	require.Equal(t, "83.4MiB", binary(83.4*(1<<20)))
	require.Equal(t, "3928KiB", binary(3928<<10))
	require.Equal(t, "4022kB", metric(4022272))
	require.Equal(t, "64MiB", strings.Replace(binary(64<<20), ".0", "", 1))
	require.Equal(t, "1.25µs", short(1250))
	require.Equal(t, "12.5ms", short(12.5e6))
	require.Equal(t, "750ns", short(750))
}

// fio's own tools read what is written here.
func TestToolsOfFio(t *testing.T) {
	for _, tool := range []string{"fio_jsonplus_clat2csv", "fio2gnuplot"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed: fio's tools have not read our files", tool)
		}
	}
	dir := t.TempDir()
	o := outcome(t, "[j]\nsize=16m\nrw=rw\nioengine=sync\nnumjobs=2\nlog_avg_msec=1\nwrite_bw_log="+dir+"/x", 1)
	require.NoError(t, Logs(o))
	var b bytes.Buffer
	require.NoError(t, JSON(&b, o, true))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "r.json"), b.Bytes(), 0o600))
	for _, c := range []struct{ says, command string }{
		{"generated", "fio_jsonplus_clat2csv r.json r.csv"},
		{"r_job1.csv validated", "fio_jsonplus_clat2csv r.json r.csv --validate"},
		{"x_bw.2.log", "fio2gnuplot -b -d plots"},
	} {
		words := strings.Fields(c.command)
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if strings.Contains(string(out), "No module named") {
			t.Skipf("SKIPPED: %s does not run here: %s", words[0], out)
		}
		require.NoError(t, err, "%s: %s", c.command, out)
		require.Contains(t, string(out), c.says)
	}
	require.FileExists(t, filepath.Join(dir, "plots", "result.average"))
}
