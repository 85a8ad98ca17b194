package driver

import (
	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/measure"
)

// sync syncs a file and waits for it; like fio, it does not count among the
// requests of iodepth.
func (r *Run) sync(file int, dataOnly bool) error {
	req := &engine.Request{Dir: measure.Sync, File: file, DataOnly: dataOnly, Begun: r.Recorder.Now()}
	req.Issued = req.Begun
	r.inFlight++
	n, err := r.engine.Queue([]*engine.Request{req}, r.done)
	if err == nil {
		err = r.collect(n, r.Recorder.Now())
	}
	for err == nil && !req.Over {
		err = r.await()
	}
	return err
}

// syncAll is end_fsync.
func (r *Run) syncAll() error {
	for file := range r.unsynced {
		if r.mixes() && file < len(r.Paths) {
			continue
		}
		if err := r.sync(file, false); err != nil {
			return err
		}
	}
	return nil
}
