package workload

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// Task is what a workload works with in one turn.
type Task struct {
	Spec     *job.Spec
	Engine   string
	Mails    []mail.Message
	Dir      string            // empty, and the turn's own
	Shared   string            // directory of the run
	Job      int               // number of the job in the run
	FS       *fsapi.FS         // for the engines of the FS API
	Recorder *measure.Recorder // from Record on

	names    []string // of files, by mail
	sampling bool     // see same
}

// Record implements Workload.
func (t *Task) Record(r *measure.Recorder) { t.Recorder = r }

// Workload is a task that can be done.
type Workload interface {
	// Prepare makes what the work needs. It is not measured.
	Prepare(ctx context.Context) error
	// Files are what Prepare has made, for the page cache.
	Files() []string
	// Record says where Run enters what it does.
	Record(r *measure.Recorder)
	// Run does the work, with an entry in the Recorder for each message.
	Run(ctx context.Context) error
	// Check makes sure that the work was done. It is not measured.
	Check(ctx context.Context) error
	// Close frees what Prepare has taken. The files are the caller's to remove.
	Close() error
}

// ErrCannot: that engine does not do that workload.
var ErrCannot = errors.New("cannot do it")

// New returns the workload that the task's job asks for.
func New(t *Task) (Workload, error) {
	t.move(t.Dir)
	if kind, name, ok := cutStore(t.Engine); ok {
		return newStoreWork(t, kind, name)
	}
	files := slices.Contains([]string{"uring", "threadpool", "sync"}, t.Engine)
	switch name := t.Spec.Workload; {
	case name == "mail-fetch" && (files || slices.Contains([]string{"uring-raw", "readfile", "syscalls"}, t.Engine)):
		return &mailFetch{Task: t}, nil
	case name == "mail-deliver" && (files || t.Engine == "serial"):
		return &mailDeliver{Task: t}, nil
	case name == "mdbox-append" && (files || t.Engine == "serial"):
		return &mdboxAppend{Task: t}, nil
	case name == "mdbox-fetch" && slices.Contains(engine.Names, t.Engine):
		return &mdboxFetch{Task: t}, nil
	case name == "mailbox-scan" && files:
		return &mailboxScan{Task: t}, nil
	}
	return nil, fmt.Errorf("%s with workload=%s: %w", t.Engine, t.Spec.Workload, ErrCannot)
}

func (t *Task) onFS() bool { return engine.AppendOnly(t.Engine) }

// move makes dir the directory of the task's files, and names them.
func (t *Task) move(dir string) {
	t.Dir, t.names = dir, make([]string, len(t.Mails))
	for i := range t.names {
		t.names[i] = filepath.Join(dir, fmt.Sprintf("u.%d", i+1))
	}
}

func (t *Task) path(i int) string { return t.names[i] }

func (t *Task) paths() []string { return t.names }
