package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/report"
	"github.com/ringbox/ringbox/bench/rounds"
)

//go:embed targets/*.fio
var targetFiles embed.FS

// targetNames are the jobs in bench/targets, sorted.
func targetNames() (names []string) {
	entries, _ := targetFiles.ReadDir("targets") // it is part of the program
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".fio"))
	}
	return names
}

// targets is one run of the command.
type targets struct {
	output    string
	options   []string // of jobs, NAME=VALUE
	rounds    int
	seed      uint64
	drop      bool
	directory string
}

func targetsCommand(stdout, stderr io.Writer) *cobra.Command {
	var t targets
	cmd := &cobra.Command{
		Use:   "targets [NAME...]",
		Short: "Run the jobs in bench/targets, one for each line of the project's targets",
		Long: `Run the jobs in bench/targets one after the other, all of them or those named. DIR/NAME.json and DIR/NAME.txt
get what each has measured, DIR/table.md the ratios in Markdown, standard output the same for people. A job that fails
is told about, and the others run.

The jobs are: ` + strings.Join(targetNames(), ", ") + ".",
		Args: func(_ *cobra.Command, names []string) error {
			for _, name := range names {
				if !slices.Contains(targetNames(), name) {
					return usageError{fmt.Errorf("targets: there is no job %q: %s", name, strings.Join(targetNames(), ", "))}
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, names []string) error {
			if t.rounds < 1 {
				return usageError{fmt.Errorf("targets: --rounds %d: 1 at least", t.rounds)}
			}
			if len(names) == 0 {
				names = targetNames()
			}
			return t.run(cmd.Context(), names, stdout, stderr)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&t.output, "output", "o", "target-results", "directory for the results; it is made")
	f.StringVar(&t.directory, "directory", os.TempDir(), "where the files that are worked on are")
	f.StringArrayVar(&t.options, "option", nil, "option of the jobs that wins over what they say, NAME=VALUE; may be repeated")
	f.IntVar(&t.rounds, "rounds", 5, "rounds of each job")
	f.Uint64Var(&t.seed, "seed", 1, "of the order of the engines")
	f.BoolVar(&t.drop, "drop-caches", false, "where a job asks for a cold cache, drop the machine's (root only)")
	return cmd
}

func (t *targets) run(ctx context.Context, names []string, stdout, stderr io.Writer) (err error) {
	if err := os.MkdirAll(t.output, 0o755); err != nil {
		return err
	}
	table, err := os.Create(filepath.Join(t.output, "table.md"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	report.MarkdownHead(table)
	var failed []string
	for _, name := range names {
		err := t.one(ctx, name, table, stdout, stderr)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			fmt.Fprintf(stdout, "%s: %v\n\n", name, err)
			failed = append(failed, name)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("targets: failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

func (t *targets) one(ctx context.Context, name string, table, stdout, stderr io.Writer) error {
	file, err := targetFiles.Open("targets/" + name + ".fio")
	if err != nil {
		return err
	}
	defer file.Close()
	specs, err := job.Parse(name+".fio", file, append([]string{"directory=" + t.directory}, t.options...)...)
	if err != nil {
		return err
	}
	out, err := rounds.Run(ctx, rounds.Options{Specs: specs, Rounds: t.rounds, Seed: t.seed, DropSystem: t.drop,
		Progress: newProgress("auto", stderr)})
	if out == nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\n", name)
	report.Pairs(stdout, out)
	report.Markdown(table, name, out)
	fmt.Fprintln(stdout)
	return errors.Join(err, t.write(name+".json", out, "json"), t.write(name+".txt", out, "normal"))
}

func (t *targets) write(name string, out *rounds.Outcome, format string) error {
	f, err := os.Create(filepath.Join(t.output, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f, format, out), f.Close())
}
