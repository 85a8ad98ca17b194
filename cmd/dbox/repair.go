package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// repairOptions are the flags and arguments of repair.
type repairOptions struct {
	paths       []string
	dryRun      bool
	removeEmpty bool
	changeOwner bool
	jobs        int
	json        bool
}

func (a *app) repairCommand() *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "repair PATH...",
		Short: "Repair damaged dbox files, or all in a directory",
		Long: `repair writes each damaged message file anew: every message whose boundaries are certain
stays byte by byte, what else can be told apart becomes a message of its own, and what
is no mail is dropped. The new file is durable before it takes the name; the file before
stays beside it as FILE.broken. Files without damage are not touched.

A PATH is a file or a directory, as for verify. Repair while no other program uses the
store; offsets change, so the indexes of a multi-dbox store have to be rebuilt. Of a whole
store "dbox rebuild" does both.

For each range of a damaged file that is not kept as it is, one line goes to standard
output:

  FILE: OFFSET: REASON: what became of it

With --json each line is an object whose "type" is "file" (with all ranges of a damaged
file), "skipped", "error" or, in the last line, "summary".

Exit code 1 says that there was damage, repaired or, with --dry-run, not.`,
		Example: `  dbox repair --dry-run ~/mdbox
  dbox repair --json storage/m.1 | jq '.ranges[]?|select(.action!="kept")'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.jobs < 1 || o.jobs > maxJobs {
				return errJobs(o.jobs)
			}
			o.paths = args
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error { return a.repair(cmd.Context(), fs, o) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and do nothing")
	f.BoolVar(&o.removeEmpty, "remove-empty", false, "also take the name away from files without any mail")
	f.BoolVar(&o.changeOwner, "change-owner", false, "also repair files of other users; they will be yours")
	f.BoolVar(&o.json, "json", false, "print JSON, one object on each line")
	f.IntVar(&o.jobs, "jobs", jobsDefault, "files to repair at the same time")
	return cmd
}

func (o repairOptions) of(f files.Found) dboxfmt.RepairFileOptions {
	return dboxfmt.RepairFileOptions{
		RepairOptions: dboxfmt.RepairOptions{Single: files.IsSingle(f.Path)},
		DryRun:        o.dryRun, RemoveEmpty: o.removeEmpty, ChangeOwner: o.changeOwner,
	}
}

// withOwnerHint says what to do about a file that would get another owner.
func withOwnerHint(err error, hint string) error {
	if errors.Is(err, dboxfmt.ErrOwner) {
		err = fmt.Errorf("%w%s", err, hint)
	}
	return err
}

// repaired is what became of one file.
type repaired struct {
	file   files.Found
	report *dboxfmt.RepairReport
	empty  bool // no mail in it, so it is left alone
	err    error
}

func (o repairOptions) run(ctx context.Context, fs *fsapi.FS, f files.Found) repaired {
	report, err := dboxfmt.RepairFile(ctx, fs, f.Path, o.of(f))
	err = withOwnerHint(err, "; run dbox as that user, or see --change-owner")
	r := repaired{file: f, report: report, err: err}
	if err == nil && report.Messages == 0 {
		r.empty = !report.Changed || !o.removeEmpty
	}
	return r
}

func (a *app) repair(ctx context.Context, fs *fsapi.FS, o repairOptions) error {
	out := newReport(a, o.json)
	all, bytes, err := a.findAll(ctx, fs, o.paths, out.skipped)
	if err != nil {
		return err
	}
	bar := a.progress(bytes, "repair")
	defer bar.done()
	sum := repairSummary{Type: "summary", DryRun: o.dryRun}
	err = eachFile(ctx, all, o.jobs, func(ctx context.Context, f files.Found) repaired {
		r := o.run(ctx, fs, f)
		bar.add(f.Size)
		return r
	}, func(r repaired) error {
		sum.add(r)
		if r.err != nil {
			bar.clear()
			return out.failed(r.file.Path, r.err)
		}
		if !r.report.Changed && !r.empty {
			return nil
		}
		bar.clear()
		return out.repaired(r, o.dryRun)
	})
	bar.done()
	if err := errors.Join(err, out.end(&sum, sum.text())); err != nil {
		return err
	}
	return sum.result()
}
