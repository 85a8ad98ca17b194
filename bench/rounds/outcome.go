package rounds

import (
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

// Outcome is everything that a run has found out.
type Outcome struct {
	Environment measure.Environment
	Specs       []*job.Spec
	Engines     []string // that worked, in the order asked for
	Skipped     []string // that did not, with the reason
	Baseline    string
	Rounds      int
	Seed        uint64
	Dropped     string              // how the page cache was dropped
	Turns       map[string][][]Part // by engine and round
}

// Part is what one job did in one turn.
type Part struct {
	Spec   *job.Spec
	Clones []measure.Result
}

// Whole returns all clones as one result.
func (p Part) Whole() measure.Result {
	whole := p.Clones[0]
	for _, c := range p.Clones[1:] {
		whole.Add(c)
	}
	return whole
}

// Values returns a figure of a job in every round.
func (o *Outcome) Values(engine string, job int, of func(*measure.Result) float64) []float64 {
	var values []float64
	for _, turn := range o.Turns[engine] {
		whole := turn[job].Whole()
		values = append(values, of(&whole))
	}
	return values
}

// Ratio compares an engine with the baseline.
func (o *Outcome) Ratio(engine string, job int) measure.Ratios {
	return measure.Compare(o.Values(engine, job, (*measure.Result).Rate), o.Values(o.Baseline, job, (*measure.Result).Rate))
}

// Typical returns a job's part of the round whose rate is the median.
func (o *Outcome) Typical(engine string, job int) Part {
	round := measure.MiddleRound(o.Values(engine, job, (*measure.Result).Rate))
	return o.Turns[engine][round][job]
}
