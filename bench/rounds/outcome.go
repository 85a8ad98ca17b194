package rounds

import (
	"slices"

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
	Interrupted bool                // there are fewer turns than asked for, and a first one may have been cut short
}

// trim leaves out engines and jobs of an interrupted run that nothing was
// measured of, and reports whether there is anything left.
func (o *Outcome) trim() bool {
	o.Interrupted = true
	o.Engines = slices.DeleteFunc(o.Engines, func(e string) bool { return len(o.Turns[e]) == 0 })
	for i := len(o.Specs) - 1; i >= 0; i-- {
		if !o.measured(i) {
			o.Specs = slices.Delete(slices.Clone(o.Specs), i, i+1)
			for _, turns := range o.Turns {
				for k := range turns {
					turns[k] = slices.Delete(turns[k], i, i+1)
				}
			}
		}
	}
	if len(o.Engines) == 0 || len(o.Specs) == 0 {
		return false
	}
	if !slices.Contains(o.Engines, o.Baseline) {
		o.Baseline = o.Engines[len(o.Engines)-1]
	}
	o.Rounds = 0
	for _, turns := range o.Turns {
		o.Rounds = max(o.Rounds, len(turns))
	}
	return true
}

// measured reports whether something was measured of a job on every engine.
func (o *Outcome) measured(job int) bool {
	for _, e := range o.Engines {
		for _, turn := range o.Turns[e] {
			if len(turn[job].Clones) == 0 {
				return false
			}
			if whole := turn[job].Whole(); whole.IOs() == 0 {
				return false
			}
		}
	}
	return true
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
