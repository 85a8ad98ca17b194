package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

func (b *bench) printEnvironment() {
	fmt.Fprintf(b.out, "machine  %s/%s, %d CPUs, %s, %s; work in %s\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), measure.Kernel(), runtime.Version(), measure.FileSystem(b.work))
	for _, e := range b.engines {
		fmt.Fprintf(b.out, "engine   %s: %s (%s)\n", e.Kind, e.Detail, e.Reason)
	}
	fmt.Fprintf(b.out, "job      %d in flight, sync %s, seed %d\n\n", b.inFlight, b.sync, b.seed)
}

// printTable prints a row for each job and engine: medians over the rounds.
func (b *bench) printTable() {
	w := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "job\tengine\tops/s\tMiB/s\tp50\tp95\tp99\tp99.9\tmax\tCPU/op\tratio\t")
	for i, job := range jobs {
		for k, e := range b.engines {
			rs := b.results[e.Kind][i]
			fmt.Fprintf(w, "%s\t%s\t%.0f\t%.1f\t", job.name, e.Kind,
				median(rs, result.rate),
				median(rs, func(r result) float64 { return float64(r.bytes) / (1 << 20) / r.elapsed.Seconds() }))
			for _, q := range []float64{50, 95, 99, 99.9, 100} {
				ns := median(rs, func(r result) float64 { return float64(r.latency.ValueAtQuantile(q)) })
				fmt.Fprintf(w, "%s\t", short(time.Duration(ns)))
			}
			fmt.Fprintf(w, "%s\t%s\t\n", cpuPerOp(rs), b.ratio(i, k))
		}
	}
	w.Flush()
	rounds := len(b.results[b.engines[0].Kind][0])
	fmt.Fprintf(b.out, "\nEvery byte that came back is the byte that was delivered. Medians of %d rounds.\n", rounds)
	fmt.Fprintln(b.out, "Latency is from a mail's beginning to its end; of fetch files, from one mail to the next.")
	if len(b.engines) > 1 {
		fmt.Fprintf(b.out, "ratio: operations/s over those of %s, within each round: median (lowest to highest).\n", b.baseline())
	}
}

// printSoFar prints the table of an interrupted run: of the engines that have
// done every job.
func (b *bench) printSoFar() {
	last := len(jobs) - 1
	b.engines = slices.DeleteFunc(b.engines, func(e fsapi.BackendInfo) bool { return len(b.results[e.Kind][last]) == 0 })
	if len(b.engines) == 0 {
		fmt.Fprintln(b.out, "Interrupted before any engine has done every job.")
		return
	}
	fmt.Fprintln(b.out, "Interrupted. What was measured until then:")
	b.printTable()
}

// cpuPerOp is a dash where the platform does not tell.
func cpuPerOp(rs []result) string {
	cpu := median(rs, func(r result) float64 { return float64(r.cpu) / float64(r.ops) })
	if cpu == 0 {
		return "-"
	}
	return short(time.Duration(cpu))
}

// baseline is the engine that the others are compared with: the last one.
func (b *bench) baseline() fsapi.BackendKind { return b.engines[len(b.engines)-1].Kind }

// ratio compares an engine with the baseline, round by round.
func (b *bench) ratio(job, engine int) string {
	if engine == len(b.engines)-1 {
		return "1"
	}
	rates := func(kind fsapi.BackendKind) (rates []float64) {
		for _, r := range b.results[kind][job] {
			rates = append(rates, r.rate())
		}
		return rates
	}
	return measure.Compare(rates(b.engines[engine].Kind), rates(b.baseline())).String()
}

func median(rs []result, of func(result) float64) float64 {
	values := make([]float64, len(rs))
	for i, r := range rs {
		values[i] = of(r)
	}
	return measure.Median(values)
}

// short prints a duration with three digits.
func short(d time.Duration) string {
	unit, name := time.Second, "s"
	switch {
	case d < time.Millisecond:
		unit, name = time.Microsecond, "µs"
	case d < time.Second:
		unit, name = time.Millisecond, "ms"
	}
	v := float64(d) / float64(unit)
	text := fmt.Sprintf("%.2f", v)
	if v >= 10 {
		text = fmt.Sprintf("%.1f", v)
	}
	return strings.TrimSuffix(text, ".0") + name
}
