package dboxfmt

import (
	"io"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func scanWhole(t testing.TB, src Source) (ranges int) {
	c := src.Scan(ScanOptions{})
	for {
		_, err := c.Next()
		if err == io.EOF {
			return ranges
		}
		if err != nil {
			t.Fatal(err)
		}
		ranges++
	}
}

// BenchmarkScan scans hostile files, and after each scan a clean file of the same
// version and size, of mails of 8 KB. x-clean is the CPU time of the one in that
// of the other, the median of each. Where a hostile file consists of messages,
// though damaged ones, x-same is the same for a clean file of as many messages:
// each of them is a range, and making one has its price. The size in MiB is
// RINGBOX_SCAN_MIB, 16 unless set. Nothing of that size is in memory, unless
// RINGBOX_SCAN_DIR names a directory for real files.
func BenchmarkScan(b *testing.B) {
	size := int64(16)
	if v, err := strconv.ParseInt(os.Getenv("RINGBOX_SCAN_MIB"), 10, 64); err == nil {
		size = v
	}
	for _, p := range hostile() {
		b.Run(p.name, func(b *testing.B) { benchmarkScan(b, p, size<<20) })
	}
}

func benchmarkScan(b *testing.B, p pattern, size int64) {
	files := []*patternFile{p.file(size), cleanFile(b, p, size, 8000)}
	if p.body > 0 {
		files = append(files, cleanFile(b, p, size, p.body))
	}
	var sources []Source
	for _, f := range files {
		sources = append(sources, benchmarkSource(b, f))
	}
	b.SetBytes(size)
	b.ResetTimer()
	ranges := 0
	used := make([][]time.Duration, len(files))
	for b.Loop() {
		for i, src := range sources {
			before := cpuTime(b)
			n := scanWhole(b, src)
			used[i] = append(used[i], cpuTime(b)-before)
			if i == 0 {
				ranges = n
				b.StopTimer()
			}
		}
		b.StartTimer()
	}
	b.ReportMetric(median(used[0]).Seconds()/median(used[1]).Seconds(), "x-clean")
	if p.body > 0 {
		b.ReportMetric(median(used[0]).Seconds()/median(used[2]).Seconds(), "x-same")
	}
	b.ReportMetric(float64(files[0].read)/float64(b.N)/float64(size), "reads/B")
	b.ReportMetric(float64(ranges), "ranges")
}

// cleanFile has the version of p.
func cleanFile(b *testing.B, p pattern, size int64, body int) *patternFile {
	start, unit := cleanUnit(b, int(p.start[0]-'0'), body)
	return pattern{start: start, unit: unit}.file(size)
}

// benchmarkSource writes the file to disk if there is a place for it. It is
// removed when the benchmark ends.
func benchmarkSource(b *testing.B, f *patternFile) Source {
	dir := os.Getenv("RINGBOX_SCAN_DIR")
	if dir == "" {
		return f.source()
	}
	file, err := os.CreateTemp(dir, "ringbox-scan-")
	require.NoError(b, err)
	b.Cleanup(func() {
		file.Close()
		os.Remove(file.Name())
	})
	_, err = io.Copy(file, io.NewSectionReader(f, 0, f.size))
	require.NoError(b, err)
	return Source{Name: file.Name(), R: file, Size: f.size}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
