package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/fsapi"
)

// jobs are the work of one round, in this order: the first one delivers what
// the others fetch.
var jobs = []struct {
	name string
	work func(*target, context.Context, *result) error
}{
	{"deliver", (*target).deliver},
	{"fetch pread", (*target).fetchPread},
	{"fetch stream", (*target).fetchStream},
	{"fetch reader", (*target).fetchReader},
	{"fetch files", (*target).fetchFiles},
}

// Rounds go on until there are enough of them for a median and they have taken
// long enough.
const (
	minRounds = 3
	maxRounds = 7
	enough    = 30 * time.Second
)

// bench is one run of the program.
type bench struct {
	config
	mails   []mail.Message
	work    string
	out     io.Writer
	engines []fsapi.BackendInfo
	results map[fsapi.BackendKind][][]result // by engine, job, round
}

func (b *bench) run(ctx context.Context) error {
	if err := b.probe(); err != nil {
		return err
	}
	b.printEnvironment()
	b.results = make(map[fsapi.BackendKind][][]result)
	for _, e := range b.engines {
		b.results[e.Kind] = make([][]result, len(jobs))
	}
	order := rand.New(rand.NewPCG(b.seed, 0))
	begin := time.Now()
	for round := 0; b.more(round, time.Since(begin)); round++ {
		for _, k := range order.Perm(len(b.engines)) {
			if err := b.round(ctx, round, b.engines[k].Kind); err != nil {
				if ctx.Err() != nil {
					b.printSoFar()
				}
				return err
			}
		}
	}
	b.printTable()
	return nil
}

func (b *bench) more(round int, elapsed time.Duration) bool {
	if b.rounds > 0 {
		return round < b.rounds
	}
	// Another round must fit as well.
	return round < minRounds || round < maxRounds && elapsed+elapsed/time.Duration(round) < enough
}

// probe finds out which engines work here, and says why one does not.
func (b *bench) probe() error {
	for _, kind := range b.backends() {
		fs, err := b.open(kind)
		if err != nil {
			fmt.Fprintf(b.out, "skipped  %v\n", err)
			if len(b.backends()) == 1 {
				return err
			}
			continue
		}
		b.engines = append(b.engines, fs.Backend())
		if err := fs.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) open(kind fsapi.BackendKind) (*fsapi.FS, error) {
	return fsapi.New(fsapi.Options{Backend: kind, Sync: b.syncMode(), Logger: slog.New(slog.DiscardHandler)})
}

// round runs every job once on one engine, in a directory of its own: file
// systems are slow in directories from which much was deleted.
func (b *bench) round(ctx context.Context, round int, kind fsapi.BackendKind) (err error) {
	fs, err := b.open(kind)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := fs.Close(); err == nil {
			err = cerr
		}
	}()
	// The name is a new one in every run: ext4 derives the place from it.
	dir, err := os.MkdirTemp(b.work, fmt.Sprintf("%d-%s-", round+1, kind))
	if err != nil {
		return err
	}
	t := &target{fs: fs, dir: dir, mails: b.mails, inFlight: b.inFlight}
	for i, job := range jobs {
		r, err := timed(func(r *result) error { return job.work(t, ctx, r) })
		if err != nil {
			return fmt.Errorf("%s on %s, round %d: %w", job.name, kind, round+1, err)
		}
		if r.ops != len(b.mails) {
			return fmt.Errorf("%s on %s, round %d: %d of %d mails", job.name, kind, round+1, r.ops, len(b.mails))
		}
		b.results[kind][i] = append(b.results[kind][i], r)
	}
	return nil
}
