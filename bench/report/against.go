package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// Pair compares the first engine with another one in a job, round by round.
type Pair struct {
	Job     string         `json:"job"`
	Engine  string         `json:"engine"`
	Against string         `json:"against"`
	Rate    measure.Ratios `json:"rate"`
	CPU     measure.Ratios `json:"cpu_per_op"`
	Flushes measure.Ratios `json:"flushes_per_op"` // zero where there were none
}

// pairs compares the first engine with each of the others.
func pairs(o *rounds.Outcome) (all []Pair) {
	if len(o.Engines) < 2 {
		return nil
	}
	first := o.Engines[0]
	for i, s := range o.Specs {
		for _, e := range o.Engines[1:] {
			compare := func(of func(*measure.Result) float64) measure.Ratios {
				return measure.Compare(o.Values(first, i, of), o.Values(e, i, of))
			}
			all = append(all, Pair{Job: s.Name, Engine: first, Against: e, Rate: compare((*measure.Result).Rate),
				CPU:     compare(func(r *measure.Result) float64 { return float64(r.CPUPerOp()) }),
				Flushes: compare((*measure.Result).FlushesPerOp)})
		}
	}
	return all
}

// Pairs prints what pairs finds, and which engines were left out.
func Pairs(w io.Writer, o *rounds.Outcome) {
	for _, s := range o.Skipped {
		fmt.Fprintf(w, "skipped     %s\n", s)
	}
	printPairs(w, o)
}

func printPairs(w io.Writer, o *rounds.Outcome) {
	if len(o.Engines) < 2 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%s over each of the others, within each round:\n", o.Engines[0])
	fmt.Fprintln(t, "job\tagainst\tops/s\tCPU/op\tflushes/op\t")
	for _, p := range pairs(o) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", p.Job, p.Against, p.Rate, p.CPU, p.Flushes)
	}
	t.Flush()
}

// MarkdownHead begins a table for Markdown.
func MarkdownHead(w io.Writer) {
	fmt.Fprintln(w, "| job | engine | over | ops/s | CPU/op | flushes/op |\n|---|---|---|---|---|---|")
}

// Markdown prints a row of the table for each pair; file is what the jobs are
// in.
func Markdown(w io.Writer, file string, o *rounds.Outcome) {
	for _, p := range pairs(o) {
		fmt.Fprintf(w, "| `%s` %s | %s | %s | %s | %s | %s |\n", file, p.Job, p.Engine, p.Against, p.Rate, p.CPU, p.Flushes)
	}
}
