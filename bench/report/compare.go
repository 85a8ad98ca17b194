package report

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// printComparison prints one row for each job and engine: medians over the
// rounds, and the ratio to the baseline.
func printComparison(w io.Writer, o *rounds.Outcome) {
	if len(o.Engines) < 2 {
		return
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "job\tengine\tops/s\tMiB/s\tp50\tp99\tp99.9\tCPU/op\tctx/op\tflush/op\tratio\t")
	for i, s := range o.Specs {
		for _, e := range o.Engines {
			median := func(of func(*measure.Result) float64) float64 { return measure.Median(o.Values(e, i, of)) }
			at := func(p float64) string {
				return short(median(func(r *measure.Result) float64 { return float64(r.Lat().Percentile(p)) }))
			}
			cpu := median(func(r *measure.Result) float64 { return float64(r.CPUPerOp()) })
			each := func(of func(*measure.Result) float64) string {
				if n := median(of); n > 0 {
					return strconv.FormatFloat(n, 'g', 2, 64)
				}
				return "-"
			}
			ratio := o.Ratio(e, i).String()
			if e == o.Baseline {
				ratio = "1"
			}
			fmt.Fprintf(t, "%s\t%s\t%.0f\t%.1f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", s.Name, e, median((*measure.Result).Rate),
				median((*measure.Result).Bandwidth)/(1<<20), at(50), at(99), at(99.9), short(cpu),
				each((*measure.Result).SwitchesPerOp), each((*measure.Result).FlushesPerOp), ratio)
		}
	}
	t.Flush()
	fmt.Fprintf(w, "\nMedians of %d rounds. CPU/op: user and system time, kernel workers and child processes included.\n", o.Rounds)
	fmt.Fprintln(w, "ctx/op: context switches of the same.")
	fmt.Fprintln(w, "flush/op: flushes of the device's cache, those that others have caused included; of jobs that write.")
	fmt.Fprintf(w, "ratio: ops/s over those of %s within each round: median (lowest to highest); a tie if these lie on both sides of 1.\n", o.Baseline)
	printPairs(w, o)
}
