package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// convertOptions are the flags and arguments of convert.
type convertOptions struct {
	version  int
	src, dst string
	jobs     int
	json     bool
}

func (a *app) convertCommand() *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert --to 2|3 SRC DST",
		Short: "Rewrite dbox files in another version of the format",
		Long: `convert writes the messages of dbox files of any version as version 2 or 3. SRC is a file,
or a directory whose files m.N and u.N, wherever below it, are written to the same names
below DST. Bodies stay as they are stored, compressed ones and those without their
attachments too. Metadata stays, unknown items included, but for the checksum (H), which
version 3 gets from the body and version 2 does not have, and the length (L).

Only message files are converted. Where messages lie in a file changes with the version:
the indexes of a multi-dbox store do not fit any more; "dbox rebuild" makes new ones. A
whole store, with flags, is brought to another version by "dbox import" into a new one.

DST must not exist. It appears, complete and durable, when everything has been written;
after a failure or an interrupt there is none. SRC is not changed. A damaged file is not
converted: repair it first.`,
		Example: `  dbox convert --to 3 storage/m.1 m.1.v3
  dbox convert --to 2 ~/mdbox-v3 ~/mdbox`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.src, o.dst = args[0], args[1]
			switch {
			case o.version != 2 && o.version != 3:
				return usageError{errors.New("--to 2 or --to 3 is needed")}
			case o.jobs < 1 || o.jobs > maxJobs:
				return errJobs(o.jobs)
			}
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error { return a.convert(cmd.Context(), fs, o) })
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.version, "to", 0, "version to write: 2 or 3")
	f.IntVar(&o.jobs, "jobs", jobsDefault, "files to convert at the same time")
	f.BoolVar(&o.json, "json", false, "print JSON: an object for each problem, and a summary")
	return cmd
}

func (a *app) convert(ctx context.Context, fs *fsapi.FS, o convertOptions) error {
	if err := mailfmt.MustNotExist(ctx, fs, o.dst); err != nil {
		return err
	}
	info, err := fs.Stat(ctx, o.src)
	if err != nil {
		return err
	}
	out := newReport(a, o.json)
	all, bytes, err := a.findAll(ctx, fs, []string{o.src}, out.skipped)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("%s: no dbox message files", o.src)
	}
	c := &conversion{fs: fs, options: o, out: out, bar: a.progress(bytes, "convert")}
	defer c.bar.done()
	if info.IsDir() {
		err = c.tree(ctx, all)
	} else {
		err = c.files(ctx, all, func(files.Found) string { return o.dst })
	}
	c.bar.done()
	if errors.Is(err, errProblems) {
		a.warn("nothing is converted: %s is damaged, see dbox repair", o.src)
	}
	if err != nil {
		return errors.Join(err, out.out.Flush())
	}
	return out.end(&c.sum, c.sum.text(o))
}

// conversion is one that is under way.
type conversion struct {
	fs      *fsapi.FS
	options convertOptions
	out     *report
	bar     *progress
	sum     convertSummary
}

// files converts all files; the first that cannot be ends it.
func (c *conversion) files(ctx context.Context, all []files.Found, name func(files.Found) string) error {
	return eachFile(ctx, all, c.options.jobs, func(ctx context.Context, f files.Found) converted {
		r := convertFile(ctx, c.fs, f, name(f), c.options.version)
		c.bar.add(f.Size)
		return r
	}, func(r converted) error {
		if r.problem != nil {
			c.bar.clear()
			p := r.problem
			if err := c.out.problem(r.file.Path, p.Offset, p.Length, p.Problem); err != nil {
				return err
			}
			return errProblems
		}
		c.sum.add(r)
		return r.err
	})
}
