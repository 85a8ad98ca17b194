package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// catOptions are the flags and arguments of cat.
type catOptions struct {
	file   string
	number int // of the message, from 1; 0: all
	verify bool
	plain  bool
}

func (a *app) catCommand() *cobra.Command {
	var o catOptions
	cmd := &cobra.Command{
		Use:   "cat FILE [N]",
		Short: "Print the body of a message",
		Long: `cat prints the body of message N of a dbox file, counted from 1, or without N those of
all messages one after the other. The body is printed as it is stored; --plain
decompresses it.

Without N it stops at damage. With N it passes over damage before the message and tells
about the first of it. A damaged message has a number too: what is there of it is printed, with exit code 1, unless
--verify is given. dump and verify show what is damaged.`,
		Example: `  dbox cat mailboxes/INBOX/dbox-Mails/u.7
  dbox cat --verify storage/m.1 3 | less`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			if len(args) == 2 {
				n, err := strconv.Atoi(args[1])
				if err != nil || n < 1 {
					return usageError{fmt.Errorf("%q is not the number of a message: they count from 1", args[1])}
				}
				o.number = n
			}
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error { return a.cat(cmd.Context(), fs, o) })
		},
	}
	cmd.Flags().BoolVar(&o.verify, "verify", false, "compare the checksum first, where there is one")
	cmd.Flags().BoolVar(&o.plain, "plain", false, "decompress a compressed body")
	return cmd
}

func (a *app) cat(ctx context.Context, fs *fsapi.FS, o catOptions) error {
	f, err := files.Open(ctx, fs, o.file)
	if err != nil {
		return err
	}
	defer f.Close()
	pieces := f.Pieces(o.verify)
	for messages, problems := 0, 0; ; {
		p, err := pieces.Next()
		if err == io.EOF {
			return o.ended(messages)
		}
		if err != nil {
			return err
		}
		if p.Message != nil {
			messages++
		}
		if p.Problem != "" {
			if problems++; problems == 1 || p.Message != nil && messages == o.number {
				a.warn("%s: %d: %s", f.Name, p.Offset, p.Problem)
			}
		}
		if o.number > 0 && (p.Message == nil || messages != o.number) {
			continue
		}
		if p.Problem != "" && (o.number == 0 || o.verify) {
			return errProblems
		}
		if err := o.print(a.stdout, f.Box(), p.Message); err != nil {
			return err
		}
		if p.Problem != "" {
			return errProblems
		}
		if o.number > 0 {
			return nil
		}
	}
}

// ended is what the end of the file means.
func (o catOptions) ended(messages int) error {
	if o.number == 0 {
		return nil
	}
	return fmt.Errorf("%s: no message %d, it has %s", o.file, o.number, count(messages, "message"))
}

func (o catOptions) print(w io.Writer, box dboxfmt.Source, m *dboxfmt.Message) (err error) {
	var text io.Reader = box.Body(m, false)
	if o.plain {
		if text, err = mailfmt.PlainText(box, m); err != nil {
			return fmt.Errorf("%s: offset %d: %w", o.file, m.Offset, err)
		}
	}
	_, err = io.Copy(w, text)
	return err
}
