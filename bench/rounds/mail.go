package rounds

import (
	"context"
	"errors"
	"os"
	"sync/atomic"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/workload"
	"github.com/ringbox/ringbox/fsapi"
)

// mailWorker is a mail workload, in a directory of its own for every turn.
type mailWorker struct {
	run    *run
	spec   *job.Spec
	number int // of the job
	engine string
	mails  []mail.Message
	fs     *fsapi.FS
	dir    string
	load   workload.Workload
	rec    atomic.Pointer[measure.Recorder]

	outside measure.Usage // of processes that are no children
}

func (w *mailWorker) prepare(ctx context.Context) (err error) {
	if engine.AppendOnly(w.engine) {
		if w.fs, err = openFS(w.spec, w.engine); err != nil {
			return err
		}
	}
	if w.dir, err = os.MkdirTemp(w.run.work, "turn-"); err != nil {
		return err
	}
	if w.load, err = workload.New(w.task()); err != nil {
		return err
	}
	return w.load.Prepare(ctx)
}

func (w *mailWorker) task() *workload.Task {
	return &workload.Task{Spec: w.spec, Engine: w.engine, Mails: w.mails, Dir: w.dir, Shared: w.run.work, Job: w.number, FS: w.fs}
}

func (w *mailWorker) files() []string { return w.load.Files() }

func (w *mailWorker) work(ctx context.Context) (err error) {
	rec := measure.NewRecorder(0, w.spec.LogEvery, 0)
	w.rec.Store(rec)
	w.load.Record(rec)
	for n := 0; n < w.spec.Loops && err == nil; n++ {
		err = w.load.Run(ctx)
	}
	if outside, ok := w.load.(interface{ OutsideUsage() measure.Usage }); ok {
		w.outside = outside.OutsideUsage()
	}
	return err
}

func (w *mailWorker) results() []measure.Result {
	res := w.rec.Load().Result()
	res.Engine, res.Options = w.engine, w.spec.Options()
	res.Options["ioengine"] = w.engine
	if w.fs != nil {
		res.Detail = w.fs.Backend().Detail
	}
	res.Notes, res.Usage = w.notes(), w.outside
	return []measure.Result{res}
}

// notes say what the engine does otherwise than the job's words suggest.
func (w *mailWorker) notes() []string {
	n, ok := w.load.(interface{ Notes() []string })
	if !ok {
		return nil
	}
	return n.Notes()
}

func (w *mailWorker) share() float64 {
	rec := w.rec.Load()
	if rec == nil || len(w.mails) == 0 {
		return 0
	}
	return min(float64(rec.Total())/float64(len(w.mails)*w.spec.Loops), 1)
}

func (w *mailWorker) check(ctx context.Context) error { return w.load.Check(ctx) }

func (w *mailWorker) close() (err error) {
	if w.load != nil {
		err = errors.Join(err, w.load.Close())
	}
	if w.fs != nil {
		err = errors.Join(err, w.fs.Close())
	}
	if w.dir != "" {
		err = errors.Join(err, os.RemoveAll(w.dir))
	}
	return err
}
