package rounds

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	runs   []*driver.Run

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

func (w *blockWorker) work(ctx context.Context) ([]measure.Result, error) {
	if err := w.do(ctx); err != nil {
		return nil, err
	}
	return w.results(), nil
}

func (w *blockWorker) do(ctx context.Context) error {
	errs := make([]error, len(w.clones))
	runs := make([]*driver.Run, len(w.clones))
	for i, c := range w.clones {
		runs[i] = &driver.Run{Clone: c, Engine: w.engine, FS: w.fs,
			Recorder: measure.NewRecorder(w.spec.RampTime, w.spec.LogEvery, i)}
	}
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
	for _, r := range w.runs {
		res := r.Recorder.Result()
		res.Engine, res.Options, res.Notes = w.engine, r.Options(), w.notes(r)
		if w.fs != nil {
			res.Detail = w.fs.Backend().Detail
		}
		all = append(all, res)
	}
	return all
}

// notes say what the engine does otherwise than the job's words suggest.
func (w *blockWorker) notes(r *driver.Run) (notes []string) {
	if engine.AppendOnly(w.engine) && w.spec.RW.Write {
		notes = append(notes, "writes are appended: the FS API has no overwriting")
	}
	if engine.AppendOnly(w.engine) && w.spec.RW.Read && w.spec.Hints {
		notes = append(notes, "no hint for the kernel: the FS API gives none; fadvise_hint=0 makes the other engines equal")
	}
	if engine.Synchronous(w.engine) && w.spec.Depth > 1 {
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
	err := w.run.files.Reset(w.clones)
	if w.fs != nil {
		err = errors.Join(w.fs.Close(), err)
	}
	return err
}
