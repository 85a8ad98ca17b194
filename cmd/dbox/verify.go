package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// jobsDefault is how many files are read at the same time.
const jobsDefault = 16

func (a *app) verifyCommand() *cobra.Command {
	var asJSON bool
	var jobs int
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Check stores, dbox files, or all files in a directory",
		Long: `verify reads dbox message files and checks that every byte has its place: headers, sizes,
metadata, and checksums where there are any. Bodies of version 1 and 2 have none unless
a program has added them; the summary says how many could not be compared. Compressed
bodies (gzip, zlib, bzip2, zstd) are decompressed and their sizes compared; of others (lz4,
xz) a line on standard error says that the text was not checked, and they do not count as
good.

A PATH is a file or a directory, of which all files m.N and u.N below it are checked.
Temporary files and .broken files are passed over with a note, symbolic links to
directories are not followed.

Where PATH is a store (its root, or sdbox:PATH or mdbox:PATH, with :ALT=PATH or without),
its alternate storage is checked too, and then the indexes are compared with the files and
with each other: every message of a mailbox, every reference, every file that nothing
refers to. "dbox rebuild" puts that right. Nothing is changed. What is only left over, so
that nobody loses anything by it, is called harmless and does not count as a problem.

For each problem one line goes to standard output:

  FILE: OFFSET: REASON

With --json each line is an object whose "type" is "problem" (file, offset, length,
reason; about a store: store, mailbox, uid, file, offset, reason), "harmless" (the same),
"unread" (as a problem: a body whose compression is not read), "skipped" (file, reason),
"error" (file, reason: it could not be read) or, in the last
line, "summary".`,
		Example: `  dbox verify ~/mdbox
  dbox verify mdbox:/mail/joe:ALT=/slow/joe
  dbox verify --json ~/sdbox storage/m.1 | jq -r 'select(.type=="problem").file' | sort -u`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if jobs < 1 || jobs > maxJobs {
				return errJobs(jobs)
			}
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error {
				return a.verify(cmd.Context(), fs, args, jobs, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object on each line")
	cmd.Flags().IntVar(&jobs, "jobs", jobsDefault, "files to read at the same time")
	return cmd
}

// checked is what checking one file has found.
type checked struct {
	file       files.Found
	messages   int
	unverified int // messages without a checksum
	problems   []files.Piece
	unread     []files.Piece // messages that are compressed in a way that is not read; Problem says so
	err        error         // it could not be read
}

func (a *app) verify(ctx context.Context, fs *fsapi.FS, paths []string, jobs int, asJSON bool) error {
	out := newReport(a, asJSON)
	paths, withIndexes, err := verifyPaths(ctx, fs, paths)
	if err != nil {
		return err
	}
	all, bytes, err := a.findAll(ctx, fs, paths, func(f files.Found) error {
		if isAltLink(f, withIndexes) {
			return nil
		}
		return out.skipped(f)
	})
	if err != nil {
		return err
	}
	bar := a.progress(bytes, "verify")
	defer bar.done()
	sum := verifySummary{Type: "summary"}
	err = eachFile(ctx, all, jobs, func(ctx context.Context, f files.Found) checked {
		c := check(ctx, fs, f)
		bar.add(f.Size)
		return c
	}, func(c checked) error {
		sum.add(c)
		if len(c.problems)+len(c.unread) > 0 || c.err != nil {
			bar.clear()
		}
		return out.checked(c)
	})
	bar.done()
	if err == nil {
		err = a.verifyStores(ctx, fs, withIndexes, out, &sum)
	}
	if err := errors.Join(err, out.end(&sum, sum.text())); err != nil {
		return err
	}
	return sum.result()
}

// text looks at the text of a message that is compressed. That of others has been
// read.
func (c *checked) text(f *files.File, p files.Piece) {
	err := error(nil)
	if mailfmt.Compression(f.Box(), p.Message) != "" {
		err = mailfmt.CheckPlain(f.Box(), p.Message)
	}
	switch {
	case err == nil:
		c.messages++
	case errors.Is(err, mailfmt.ErrCompression):
		p.Problem = err.Error() + ": its text was not checked"
		c.unread = append(c.unread, p)
	default:
		p.Problem = err.Error()
		c.problems = append(c.problems, p)
	}
}

// check reads one file.
func check(ctx context.Context, fs *fsapi.FS, found files.Found) checked {
	c := checked{file: found}
	f, err := files.Open(ctx, fs, found.Path)
	if err != nil {
		c.err = err
		return c
	}
	defer f.Close()
	pieces := f.Pieces(true)
	for {
		p, err := pieces.Next()
		switch {
		case err == io.EOF:
			return c
		case err != nil:
			c.err = err
			return c
		case p.Problem != "":
			c.problems = append(c.problems, p)
		default:
			c.text(f, p)
			if _, ok := p.Message.Metadata.Get('H'); !ok {
				c.unverified++
			}
		}
	}
}
