package rounds

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

// worker is a job on an engine.
type worker interface {
	// prepare gets everything ready that is not to be measured, but for the
	// page cache.
	prepare(ctx context.Context) error
	// files are those whose cache state matters.
	files() []string
	// work does it.
	work(ctx context.Context) error
	// results returns one for each clone, also of what was done until an error.
	results() []measure.Result
	// share says how much of the work is done, 0 to 1.
	share() float64
	// check makes sure that what was done is right.
	check(ctx context.Context) error
	// close frees everything.
	close() error
}

// turn is all jobs on one engine.
type turn struct {
	*run
	workers []worker
	ended   []chan struct{} // by job
	mu      sync.Mutex
	active  int
	busiest []int // by job: the most jobs that ran at the same time
	parts   []Part
	cancel  context.CancelCauseFunc
}

func (r *run) turn(ctx context.Context, engine, what string, before, total int) (_ []Part, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &turn{run: r, cancel: cancel, parts: make([]Part, len(r.Specs)), busiest: make([]int, len(r.Specs))}
	defer func() {
		for _, w := range t.workers {
			if cerr := w.close(); err == nil {
				err = cerr
			}
		}
	}()
	for i, s := range r.Specs {
		name := engine
		if name == AsWritten {
			name = s.Engines[0]
		}
		w := r.worker(i, s, name)
		t.workers, t.ended = append(t.workers, w), append(t.ended, make(chan struct{}))
		if err := w.prepare(ctx); err != nil {
			return nil, err
		}
	}
	runtime.GC()
	stop := r.watch(t, what, before, total)
	defer stop()
	t.runAll(ctx)
	return t.parts, context.Cause(ctx)
}

func (t *turn) runAll(ctx context.Context) {
	var wg sync.WaitGroup
	for i := range t.Specs {
		wg.Go(func() {
			defer close(t.ended[i])
			if err := t.runOne(ctx, i); err != nil {
				t.cancel(fmt.Errorf("job %q: %w", t.Specs[i].Name, err))
			}
		})
	}
	wg.Wait()
}

// runOne waits until it is the job's turn, and does it.
func (t *turn) runOne(ctx context.Context, i int) error {
	s := t.Specs[i]
	for _, before := range t.before(i) {
		<-t.ended[before]
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.StartDelay):
	}
	cache, err := t.setCache(s, t.workers[i].files())
	if err != nil {
		return err
	}
	t.enter(i)
	defer t.leave()
	usage := measure.Process()
	flushes, _ := measure.Flushes(t.place())
	failed := t.workers[i].work(ctx)
	usage = measure.Process().Since(usage)
	now, ok := measure.Flushes(t.place())
	clones := t.workers[i].results() // adding up is no part of the work
	if len(clones) == 0 || failed != nil && ctx.Err() == nil {
		return failed
	}
	if ok && clones[0].Dirs[measure.Write].IOs > 0 {
		clones[0].Flushes = now - flushes
	}
	t.mu.Lock()
	share := usage.Share(t.busiest[i] * len(clones))
	t.mu.Unlock()
	for k := range clones {
		c := &clones[k]
		c.Name, c.Cache, c.Group = s.Name, cache, t.group(i)
		if !job.IsFio(c.Engine) {
			c.Usage = share.Plus(c.Usage)
		}
	}
	t.parts[i] = Part{s, clones}
	if failed != nil {
		return failed
	}
	return t.workers[i].check(ctx)
}

// before returns the jobs that have to end before job i.
func (t *turn) before(i int) (jobs []int) {
	s := t.Specs[i]
	wall := s.Stonewall
	for k := i - 1; k >= 0; k-- {
		if wall || s.WaitFor == t.Specs[k].Name {
			jobs = append(jobs, k)
		}
		if !wall && t.Specs[k].Stonewall {
			// What is before that wall has to have ended as well.
			jobs = append(jobs, t.before(k)...)
			break
		}
	}
	return jobs
}

// group numbers groups as fio does: a wall or new_group begins one, and so does
// every job that is not reported together with others.
func (t *turn) group(i int) int {
	group := 0
	for k := 1; k <= i; k++ {
		if t.Specs[k].Stonewall || t.Specs[k].NewGroup {
			group++
		}
	}
	return group
}

// setCache puts the page cache into the state that the job asks for, and says
// what that is. The machine's caches are dropped last: looking at a file brings
// its inode back.
func (t *turn) setCache(s *job.Spec, files []string) (string, error) {
	if len(files) == 0 {
		return "no files yet", nil
	}
	var err error
	switch {
	case s.PreRead:
		err = measure.Preread(files)
	case s.Invalidate:
		err = measure.DropFiles(files)
	}
	if err != nil {
		return "", err
	}
	state := measure.Resident(files)
	if s.Invalidate && t.asked.DropSystem {
		return state + ", inodes and names dropped", measure.DropSystem()
	}
	return state, nil
}

func (t *turn) enter(i int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active++
	t.busiest[i] = t.active
	for k := range t.busiest {
		if t.busiest[k] > 0 && k != i {
			t.busiest[k] = max(t.busiest[k], t.active)
		}
	}
}

func (t *turn) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active--
}

// share is how much of the turn is done.
func (t *turn) share() (share float64) {
	for _, w := range t.workers {
		share += w.share() / float64(len(t.Specs))
	}
	return share
}
