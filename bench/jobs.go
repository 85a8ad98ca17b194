package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/report"
	"github.com/ringbox/ringbox/bench/rounds"
)

// isJob tells fio's way of calling from that of the main job: there is a job
// file, or an option that only jobs have.
func isJob(args []string) bool {
	if len(args) > 0 && slices.Contains([]string{"run", "report", "targets", "scale"}, args[0]) {
		return false
	}
	for i, a := range args {
		name, isOption := strings.CutPrefix(a, "--")
		name, _, _ = strings.Cut(name, "=")
		switch {
		case isOption && name == "sync": // the main job's, too
		case isOption && job.Known(name) && name != "mail":
			return true
		case strings.HasSuffix(a, ".fio") && (i == 0 || !takesNext(args[i-1])):
			return true
		}
	}
	return false
}

// takesNext: what stands behind the argument is its value.
func takesNext(arg string) bool { return strings.HasPrefix(arg, "--") && !strings.Contains(arg, "=") }

func runCommand(stdout, stderr io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:                "run [OPTION...] [JOB.fio...]",
		Short:              "Run jobs in fio's language on one engine or several",
		Long:               runHelp,
		DisableFlagParsing: true, // the options are fio's, and each name= begins a job
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := parseLine(args)
			if errors.Is(err, errHelp) {
				fmt.Fprintln(stdout, runHelp+job.Help())
				return nil
			}
			if err != nil {
				return usageError{err}
			}
			return l.run(cmd.Context(), stdout, stderr)
		},
	}
}

// run reads the jobs, runs them and writes what is asked for.
func (l *line) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	specs, err := l.specs()
	if err != nil {
		return usageError{err}
	}
	o := rounds.Options{Specs: specs, Rounds: l.rounds, Seed: l.seed, Baseline: l.baseline,
		DropSystem: l.dropCaches, Progress: newProgress(l.eta, stderr)}
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	if l.parseOnly {
		return nil
	}
	if err := places(specs); err != nil {
		return usageError{err}
	}
	out := stdout
	if l.output != "" {
		f, err := os.Create(l.output)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	outcome, err := rounds.Run(ctx, o)
	if outcome == nil {
		return err
	}
	for _, format := range l.formats {
		err = errors.Join(err, write(out, format, outcome))
	}
	return errors.Join(err, report.Logs(outcome))
}

func write(w io.Writer, format string, o *rounds.Outcome) error {
	switch format {
	case "json":
		return report.JSON(w, o, false)
	case "json+":
		return report.JSON(w, o, true)
	case "terse":
		report.Terse(w, o)
	case "gobench":
		report.GoBench(w, o)
	default:
		report.Normal(w, o)
	}
	return nil
}

// places looks whether the directories that the jobs need are there.
func places(specs []*job.Spec) error {
	for _, s := range specs {
		dirs := []string{s.Directory, s.Mail}
		if s.Workload == "" {
			for _, c := range driver.Clones(s) {
				dirs = append(dirs, filepath.Dir(c.Paths[0]))
			}
		}
		for _, dir := range dirs {
			if err := isDirectory(dir); err != nil {
				return fmt.Errorf("%s: job %q: %w", s.Source, s.Name, err)
			}
		}
	}
	return nil
}

// specs reads the jobs of the line.
func (l *line) specs() (specs []*job.Spec, err error) {
	if len(l.files) == 0 {
		if specs, err = job.ParseArgs(l.options); err != nil {
			return nil, err
		}
	}
	for _, file := range l.files {
		more, err := job.ParseFile(file, l.options...)
		if err != nil {
			return nil, err
		}
		specs = append(specs, more...)
	}
	return l.selected(specs)
}

// selected keeps the sections that --section names.
func (l *line) selected(specs []*job.Spec) (kept []*job.Spec, err error) {
	if len(l.sections) == 0 {
		return specs, nil
	}
	for _, name := range l.sections {
		n := len(kept)
		for _, s := range specs {
			if s.Name == name {
				kept = append(kept, s)
			}
		}
		if n == len(kept) {
			return nil, fmt.Errorf("section: there is no job %q", name)
		}
	}
	return kept, nil
}
