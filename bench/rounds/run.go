package rounds

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/workload"
)

// run is one run of Run.
type run struct {
	asked Options
	*Outcome
	clones map[int][]*driver.Clone // by job
	files  driver.Files
	mails  map[int][]mail.Message // by job
	work   string                 // of mail workloads
}

// Run runs the jobs. Files that it has made are removed, also when it fails. With
// the error of a cancelled context comes what was measured until then, if there
// is anything.
func Run(ctx context.Context, o Options) (out *Outcome, err error) {
	engines, err := o.engines()
	if err != nil {
		return nil, err
	}
	if err := o.settle(engines); err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = Silent{}
	}
	r := &run{asked: o, clones: map[int][]*driver.Clone{}, mails: map[int][]mail.Message{}}
	r.Outcome = &Outcome{Specs: o.Specs, Baseline: o.Baseline, Rounds: o.Rounds, Seed: o.Seed,
		Dropped: "posix_fadvise on each file", Turns: map[string][][]Part{}}
	if r.asked.DropSystem {
		r.Dropped = "drop_caches of the system, and posix_fadvise on each file"
	}
	defer func() { err = errors.Join(err, r.remove()) }()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if err := r.choose(ctx, engines); err != nil {
		return nil, err
	}
	if err := r.rounds(ctx); err != nil {
		if ctx.Err() == nil || !r.trim() {
			return nil, err
		}
		return r.Outcome, err
	}
	return r.Outcome, nil
}

// prepare makes the files of block jobs and loads mail.
func (r *run) prepare(ctx context.Context) (err error) {
	for i, s := range r.Specs {
		if s.Workload != "" {
			count := 0
			if s.Given("nrfiles") {
				count = s.NrFiles
			}
			if r.mails[i], _, err = mail.Load(s.Mail, count, s.Seed); err != nil {
				return err
			}
			r.mails[i] = mail.Repeat(r.mails[i], count)
			continue
		}
		r.clones[i] = driver.Clones(s)
		if err := r.files.Prepare(ctx, r.clones[i]); err != nil {
			return err
		}
	}
	if len(r.mails) > 0 {
		if r.work, err = os.MkdirTemp(r.Specs[0].Directory, "ringbox-bench-"); err != nil {
			return err
		}
		measure.Spread(r.work)
		return os.Chmod(r.work, 0o755) // a store's own user has to get through
	}
	return nil
}

func (r *run) remove() error {
	err := r.files.Remove()
	if r.work != "" {
		err = errors.Join(err, os.RemoveAll(r.work))
	}
	return err
}

// choose leaves out the engines that do not work here.
func (r *run) choose(ctx context.Context, engines []string) error {
	var last error
	for _, name := range engines {
		err := r.probe(ctx, name)
		switch {
		case err == nil:
			r.Engines = append(r.Engines, name)
		case errors.Is(err, engine.ErrUnavailable) || errors.Is(err, workload.ErrCannot):
			r.Skipped = append(r.Skipped, fmt.Sprintf("%s: %v", name, err))
			last = err
		default:
			return err
		}
	}
	if len(r.Engines) == 0 {
		return fmt.Errorf("no engine works: %w", last)
	}
	if !slices.Contains(r.Engines, r.Baseline) {
		r.Baseline = r.Engines[len(r.Engines)-1]
	}
	r.Environment = measure.Look(r.place(), r.backend())
	return nil
}

// place is the directory that the environment describes.
func (r *run) place() string {
	switch dir := r.Specs[0].Directory; {
	case r.work != "":
		return r.work
	case dir != "":
		return dir
	}
	return "."
}

func (r *run) rounds(ctx context.Context) error {
	defer r.asked.Progress.Done()
	order := rand.New(rand.NewPCG(r.Seed, 0))
	total := r.Rounds * len(r.Engines)
	for round := range r.Rounds {
		for k, i := range order.Perm(len(r.Engines)) {
			name := r.Engines[i]
			what := fmt.Sprintf("round %d of %d: %s", round+1, r.Rounds, name)
			parts, err := r.turn(ctx, name, what, round*len(r.Engines)+k, total)
			if err == nil || ctx.Err() != nil && len(r.Turns[name]) == 0 {
				r.Turns[name] = append(r.Turns[name], parts)
			}
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", name, round+1, err)
			}
		}
	}
	return nil
}
