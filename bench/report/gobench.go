package report

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/ringbox/ringbox/bench/rounds"
)

// GoBench writes one line of go test -bench for each job, engine and round, so
// that benchstat can compare runs, or engines with "-col /engine".
func GoBench(w io.Writer, o *rounds.Outcome) {
	fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: github.com/ringbox/ringbox/bench\ncpu: %s\n", runtime.GOOS, runtime.GOARCH, o.Environment.CPU)
	for i, s := range o.Specs {
		for round := range o.Rounds {
			for _, e := range o.Engines {
				r := o.Turns[e][round][i].Whole()
				if r.IOs() == 0 || r.Rate() == 0 {
					continue
				}
				lat := r.Lat()
				fmt.Fprintf(w, "Benchmark/job=%s/engine=%s-%d\t%d\t%.1f ns/op\t%.2f MB/s\t%d p50-ns\t%d p99-ns\t%d cpu-ns/op\n",
					word(s.Name), word(e), runtime.GOMAXPROCS(0), r.IOs(), 1e9/r.Rate(), r.Bandwidth()/1e6,
					lat.Percentile(50), lat.Percentile(99), r.CPUPerOp().Nanoseconds())
			}
		}
	}
}

// word makes a name one word; a hyphen at its end would be taken for a number
// of processors.
func word(name string) string {
	return strings.NewReplacer(" ", "_", "/", "_", "\t", "_", "-", "_").Replace(name)
}
