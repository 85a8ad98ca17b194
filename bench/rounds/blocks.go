package rounds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// blockWorker is a block job on one of our engines.
type blockWorker struct {
	run    *run
	spec   *job.Spec
	engine string
	clones []*driver.Clone
	fs     *fsapi.FS
	open   engine.Descriptors
	runs   []*driver.Run // a clone's stand together

	mu sync.Mutex
}

func (w *blockWorker) prepare(context.Context) (err error) {
	if err := w.run.files.Reset(w.clones); err != nil {
		return err
	}
	if engine.AppendOnly(w.engine) {
		w.fs, err = openFS(w.spec, w.engine)
	}
	return err
}

func (w *blockWorker) files() []string { return existing(w.clones) }

// existing returns the files of clones that are there, each once.
func existing(clones []*driver.Clone) (paths []string) {
	seen := map[string]bool{}
	for _, c := range clones {
		for _, p := range c.Paths {
			if _, err := os.Stat(p); err == nil && !seen[p] {
				seen[p] = true
				paths = append(paths, p)
			}
		}
	}
	return paths
}

func (w *blockWorker) work(ctx context.Context) error {
	runs := w.newRuns()
	errs := make([]error, len(runs))
	w.mu.Lock()
	w.runs = runs
	w.mu.Unlock()
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range runs {
		wg.Go(func() {
			if errs[i] = runs[i].Do(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	return first(errs)
}

// newRuns makes the runs of all clones. The engine pread has one for each
// request in flight.
func (w *blockWorker) newRuns() (runs []*driver.Run) {
	for i, c := range w.clones {
		for part := range w.parts() {
			runs = append(runs, &driver.Run{Clone: c, Engine: w.engine, FS: w.fs, Descriptors: &w.open,
				Part:     driver.Part{Index: part, Of: w.parts()},
				Recorder: measure.NewRecorder(w.spec.RampTime, w.spec.LogEvery, i)})
		}
	}
	return runs
}

// parts is how many goroutines a clone has.
func (w *blockWorker) parts() int {
	if w.engine == "pread" {
		return w.spec.Depth
	}
	return 1
}

// first returns the first error that is not a consequence of another.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

func (w *blockWorker) results() (all []measure.Result) {
	for clone := range slices.Chunk(w.runs, w.parts()) {
		res := together(clone)
		res.Engine, res.Options, res.Notes = w.engine, clone[0].Options(), w.notes(clone[0])
		if w.fs != nil {
			res.Detail = w.fs.Backend().Detail
		}
		all = append(all, res)
	}
	return all
}

// together is what the goroutines of a clone did.
func together(runs []*driver.Run) measure.Result {
	res := runs[0].Recorder.Result()
	elapsed := res.Elapsed
	for _, r := range runs[1:] {
		other := r.Recorder.Result()
		elapsed = max(elapsed, other.Elapsed)
		res.Add(other)
	}
	res.Clones, res.Elapsed = 1, elapsed
	return res
}

// notes say what the engine does otherwise than the job's words suggest.
func (w *blockWorker) notes(r *driver.Run) (notes []string) {
	if engine.AppendOnly(w.engine) && w.spec.RW.Write {
		notes = append(notes, "writes are appended: the FS API has no overwriting")
	}
	if engine.AppendOnly(w.engine) && w.spec.RW.Read && w.spec.Hints {
		notes = append(notes, "no hint for the kernel: the FS API gives none; fadvise_hint=0 makes the other engines equal")
	}
	switch {
	case w.engine == "pread" && w.spec.Depth > 1:
		notes = append(notes, fmt.Sprintf("iodepth=%d is %d goroutines with one descriptor of each file", w.spec.Depth, w.spec.Depth))
	case engine.Synchronous(w.engine) && w.spec.Depth > 1:
		notes = append(notes, fmt.Sprintf("iodepth=%d is 1 here: every request is one blocking call", w.spec.Depth))
	}
	if n := r.ToVerify(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d blocks read back and verified", n))
	}
	return notes
}

func (w *blockWorker) share() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var share float64
	for _, r := range w.runs {
		share += r.Share() / float64(len(w.runs))
	}
	return share
}

// check reads back what was written.
func (w *blockWorker) check(ctx context.Context) error {
	for _, r := range w.runs {
		if err := r.Verify(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *blockWorker) close() error {
	err := errors.Join(w.run.files.Reset(w.clones), w.open.Close())
	if w.fs != nil {
		err = errors.Join(w.fs.Close(), err)
	}
	return err
}
