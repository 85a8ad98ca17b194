package scale

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Options are what Run is asked for.
type Options struct {
	Format   string // sdbox or mdbox
	Backend  fsapi.BackendKind
	Sizes    []int // messages; the first one is what the others are compared with
	Rounds   int
	Repeat   int // how often a store is opened in a round
	Seed     uint64
	Dir      string // empty; what is made there is the caller's to remove
	Progress func(what string)
}

// Store is what was found out about one size.
type Store struct {
	Messages int
	// Took has the median time in nanoseconds, by operation and round.
	Took [3][]float64
	// Memory is heap that the open mailbox takes, in bytes.
	Memory int64
	// Index is how large the index files are, in bytes.
	Index int64

	root string
}

// Run makes the stores and works on them in rounds, in a random order. With the
// error of a cancelled context come the stores if all have had a round.
func Run(ctx context.Context, o Options) (stores []*Store, err error) {
	for _, n := range o.Sizes {
		s := &Store{Messages: n, root: filepath.Join(o.Dir, fmt.Sprintf("%s.%d", o.Format, n))}
		err := build(ctx, o.Backend, o.Format, s.root, n, func(done int) {
			o.Progress(fmt.Sprintf("%s: %d of %d messages made", o.Format, done, n))
		})
		if err == nil {
			s.Index, err = indexSize(s.root)
		}
		if err != nil {
			return nil, fmt.Errorf("%s of %d messages: %w", o.Format, n, err)
		}
		stores = append(stores, s)
	}
	fs, err := fsapi.New(fsapi.Options{Backend: o.Backend, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fs.Close()) }()
	random := rand.New(rand.NewPCG(o.Seed, 0))
	for round := range o.Rounds {
		for _, i := range random.Perm(len(stores)) {
			o.Progress(fmt.Sprintf("%s: round %d of %d, %d messages", o.Format, round+1, o.Rounds, stores[i].Messages))
			err := stores[i].round(ctx, fs, o, random)
			if ctx.Err() != nil && round > 0 {
				return stores, ctx.Err()
			}
			if err != nil {
				return nil, fmt.Errorf("%s of %d messages: %w", o.Format, stores[i].Messages, err)
			}
		}
	}
	for _, s := range stores {
		if err := s.weigh(ctx, fs, o.Format); err != nil {
			return nil, err
		}
	}
	return stores, nil
}

// round works on a store some times.
func (s *Store) round(ctx context.Context, fs *fsapi.FS, o Options, random *rand.Rand) error {
	var took [3][]float64
	for range o.Repeat {
		runtime.GC() // what is left of the time before is not this one's to collect
		once, err := touch(ctx, fs, o.Format, s.root, random)
		if err != nil {
			return err
		}
		for i, d := range once {
			took[i] = append(took[i], float64(d))
		}
	}
	for i := range took {
		s.Took[i] = append(s.Took[i], measure.Median(took[i]))
	}
	return nil
}

// weigh finds out how much memory the open mailbox takes.
func (s *Store) weigh(ctx context.Context, fs *fsapi.FS, format string) error {
	before := heap()
	return with(ctx, fs, format, s.root, func(box mailstore.Mailbox) error {
		_, err := box.Status(ctx)
		s.Memory = heap() - before
		return err
	})
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// indexSize adds up the files of indexes.
func indexSize(root string) (total int64, err error) {
	err = filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(e.Name(), "dovecot.") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// Ratios compares an operation on the store with the same on another one, round
// by round.
func (s *Store) Ratios(operation int, other *Store) measure.Ratios {
	return measure.Compare(s.Took[operation], other.Took[operation])
}

// Time is the median of an operation over the rounds.
func (s *Store) Time(operation int) time.Duration {
	return time.Duration(measure.Median(s.Took[operation]))
}
