package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// config is what the flags say.
type config struct {
	mail     string
	dir      string
	count    int
	inFlight int
	rounds   int
	backend  string
	sync     string
	seed     uint64
}

// usageError is a mistake on the command line: exit code 2.
type usageError struct{ error }

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

func execute(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := command(stdout)
	cmd.AddCommand(runCommand(stdout, stderr), reportCommand(stdout), targetsCommand(stdout, stderr), scaleCommand(stdout, stderr))
	if isJob(args) {
		args = append([]string{"run"}, args...)
	}
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "bench:", err)
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

func command(stdout io.Writer) *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:           "bench",
		Short:         "Deliver and fetch real mail through each engine and compare every byte",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unexpected argument %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(c.check(), isDirectory(c.dir), isDirectory(c.mail)); err != nil {
				return usageError{err}
			}
			return run(cmd.Context(), c, stdout)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := cmd.Flags()
	f.StringVar(&c.mail, "mail", "", "directory of mails, one a file (default: the corpus beside the project, or generated mail)")
	f.StringVar(&c.dir, "dir", os.TempDir(), "where to make the directory for the work; it is removed afterwards")
	f.IntVar(&c.count, "count", 0, "use this many mails at most (0: all; 3000 when generated)")
	f.IntVar(&c.inFlight, "in-flight", 32, "mails that are under way at the same time")
	f.IntVar(&c.rounds, "rounds", 0, "rounds (0: at least 3, up to 7 in half a minute)")
	f.StringVar(&c.backend, "backend", "all", "auto, uring, threadpool, or all")
	f.StringVar(&c.sync, "sync", "always", "always: every delivery is durable; never: none is")
	f.Uint64Var(&c.seed, "seed", 1, "of generated mail and of the order of the engines")
	return cmd
}

func (c *config) check() error {
	switch {
	case c.count < 0:
		return fmt.Errorf("--count %d: must not be negative", c.count)
	case c.inFlight < 1 || c.inFlight > 4096:
		return fmt.Errorf("--in-flight %d: 1 to 4096", c.inFlight)
	case c.rounds < 0:
		return fmt.Errorf("--rounds %d: must not be negative", c.rounds)
	case !slices.Contains([]string{"auto", "uring", "threadpool", "all"}, c.backend):
		return fmt.Errorf("--backend %q: auto, uring, threadpool or all", c.backend)
	case c.sync != "always" && c.sync != "never":
		return fmt.Errorf("--sync %q: always or never", c.sync)
	}
	return nil
}

// isDirectory reports a directory that is not there; "" is none that is needed.
func isDirectory(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: is not a directory", dir)
	}
	return err
}

func (c *config) backends() []fsapi.BackendKind {
	if c.backend == "all" {
		return []fsapi.BackendKind{fsapi.URing, fsapi.ThreadPool}
	}
	return []fsapi.BackendKind{fsapi.BackendKind(c.backend)}
}

func (c *config) syncMode() fsapi.SyncMode {
	if c.sync == "never" {
		return fsapi.SyncNever
	}
	return fsapi.SyncAlways
}

// run is the whole program behind the flags.
func run(ctx context.Context, c config, out io.Writer) (err error) {
	mails, source, err := mail.Load(c.mail, c.count, c.seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "mail     %s\n", source)
	work, err := os.MkdirTemp(c.dir, "ringbox-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	measure.Spread(work)
	b := &bench{config: c, mails: mails, work: work, out: out}
	return b.run(ctx)
}
