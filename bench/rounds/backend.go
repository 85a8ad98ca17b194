package rounds

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ringbox/ringbox/bench/dboxstore"
	"github.com/ringbox/ringbox/bench/dovecot"
	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/fio"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/workload"
	"github.com/ringbox/ringbox/fsapi"
)

func init() {
	workload.Stores["dovecot"] = workload.Maker{Ready: dovecot.Ready, Open: dovecot.Open}
	for _, format := range []string{"sdbox", "mdbox"} {
		workload.Stores[format] = dboxstore.Maker(format)
	}
}

// backend says which engine Auto takes here, and why.
func (r *run) backend() string {
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err.Error()
	}
	defer fs.Close()
	info := fs.Backend()
	return fmt.Sprintf("auto takes %s (%s; %s)", info.Kind, info.Detail, info.Reason)
}

// probe finds out whether an engine works here and can do the jobs.
func (r *run) probe(ctx context.Context, name string) error {
	for _, s := range r.Specs {
		one := name
		if one == AsWritten {
			one = s.Engines[0]
		}
		if err := r.probeOne(ctx, s, one); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) probeOne(ctx context.Context, s *job.Spec, name string) error {
	if s.Workload != "" {
		if _, err := workload.New(&workload.Task{Spec: s, Engine: name}); err != nil {
			return err
		}
	}
	store, kind, isStore := workload.StoreOf(name)
	switch {
	case isStore:
		return store.Ready(ctx, kind, r.work)
	case job.IsFio(name):
		_, err := fio.Find()
		return err
	case slices.Contains(job.MailEngines, name):
		return nil // a blocking one
	case engine.AppendOnly(name):
		fs, err := openFS(s, name)
		if err != nil {
			return err
		}
		return fs.Close()
	}
	e, err := engine.Open(name, engine.Config{Depth: 1})
	if err != nil {
		return err
	}
	return e.Close()
}

// defaultDepth is a number of operations in flight that every engine allows
// without being asked.
const defaultDepth = 256

// openFS sets up the file system of a job. Where the job never syncs, commits do
// not either.
func openFS(s *job.Spec, name string) (*fsapi.FS, error) {
	o := fsapi.Options{Backend: fsapi.BackendKind(name), Logger: slog.New(slog.DiscardHandler)}
	if s.Workload == "" && s.Fsync == 0 && s.Fdatasync == 0 && !s.EndFsync {
		o.Sync = fsapi.SyncNever
	}
	if n := s.Depth * s.NumJobs; n > defaultDepth {
		o.Depth = min(n, 32768)
	}
	return fsapi.New(o)
}

// worker returns who does a job on an engine.
func (r *run) worker(i int, s *job.Spec, name string) worker {
	switch {
	case s.Workload != "":
		return &mailWorker{run: r, spec: s, number: i, engine: name, mails: r.mails[i]}
	case job.IsFio(name):
		return &fioWorker{run: r, spec: s, engine: name, clones: r.clones[i]}
	}
	return &blockWorker{run: r, spec: s, engine: name, clones: r.clones[i]}
}
