package rounds

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/fio"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
)

// fioWorker is a block job that the installed fio does.
type fioWorker struct {
	run    *run
	spec   *job.Spec
	engine string
	clones []*driver.Clone
	began  atomic.Pointer[time.Time]
	all    []measure.Result
}

func (w *fioWorker) prepare(context.Context) error { return w.run.files.Reset(w.clones) }

func (w *fioWorker) files() []string { return existing(w.clones) }

func (w *fioWorker) work(ctx context.Context) (err error) {
	now := time.Now()
	w.began.Store(&now)
	w.all, err = fio.Run(ctx, w.clones, strings.TrimPrefix(w.engine, job.FioPrefix))
	for i := range w.all {
		w.all[i].Engine, w.all[i].Began = w.engine, now
		w.all[i].Options = w.spec.Options()
		w.all[i].Options["ioengine"] = w.engine
	}
	return err
}

func (w *fioWorker) results() []measure.Result { return w.all }

// share goes by the time: how far fio is, it does not tell here.
func (w *fioWorker) share() float64 {
	began, limit := w.began.Load(), w.spec.Runtime+w.spec.RampTime
	if began == nil || limit == 0 {
		return 0
	}
	return min(float64(time.Since(*began))/float64(limit), 1)
}

// check: fio verifies by itself.
func (w *fioWorker) check(context.Context) error { return nil }

func (w *fioWorker) close() error { return w.run.files.Reset(w.clones) }
