package rounds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/bench/job"
)

// Options are what Run is asked for.
type Options struct {
	Specs      []*job.Spec
	Rounds     int    // 0: five if there is something to compare, else one
	Seed       uint64 // of the order of the engines
	Baseline   string // engine that the others are compared with; "": the last one
	DropSystem bool   // drop the page cache of the machine where a job asks for a cold one
	Progress   Progress
}

// Check reports what does not go together, without running anything.
func (o Options) Check() error {
	engines, err := o.engines()
	if err != nil {
		return err
	}
	return o.settle(engines)
}

const defaultRounds = 5

// AsWritten stands for the engines that the jobs name themselves, when they name
// different ones.
const AsWritten = "as written"

// engines returns the engines of the turns.
func (o *Options) engines() ([]string, error) {
	first := o.Specs[0].Engines
	same := true
	for _, s := range o.Specs[1:] {
		same = same && slices.Equal(s.Engines, first)
	}
	if same {
		return first, nil
	}
	for _, s := range o.Specs {
		if len(s.Engines) > 1 {
			return nil, fmt.Errorf("%s: job %q: several engines, and another job has others: compare the same ones in all jobs", s.Source, s.Name)
		}
	}
	return []string{AsWritten}, nil
}

func (o *Options) settle(engines []string) error {
	if o.Rounds == 0 {
		o.Rounds = 1
		if len(engines) > 1 {
			o.Rounds = defaultRounds
		}
	}
	if o.Baseline == "" {
		o.Baseline = engines[len(engines)-1]
	}
	if !slices.Contains(engines, o.Baseline) {
		return fmt.Errorf("baseline %q: not one of %s", o.Baseline, strings.Join(engines, ", "))
	}
	return nil
}
