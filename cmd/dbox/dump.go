package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

func (a *app) dumpCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dump FILE...",
		Short: "Print offsets, sizes and metadata of all messages in dbox files",
		Long: `dump prints what is in dbox message files, in the manner of "doveadm dump -t dbox" and
under its names: file header, then for each message its offset, sizes in bytes, and all
metadata, unknown items included. Times are in the local zone. Damage is shown where it
is; the messages behind it follow.

With --json there is one object for each file, on a line of its own.`,
		Example: `  dbox dump storage/m.1
  dbox dump --json mailboxes/INBOX/dbox-Mails/u.* | jq .messages[].offset`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error {
				return a.dump(cmd.Context(), fs, args, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object for each file")
	return cmd
}

// dumper prints one file.
type dumper interface {
	begin(*files.File, dboxfmt.FileHeader)
	// piece is told how a body is compressed; "": it is not.
	piece(p files.Piece, compression string)
	end() error
}

func (a *app) dump(ctx context.Context, fs *fsapi.FS, names []string, asJSON bool) error {
	out := newPrinter(a.stdout)
	var d dumper = &textDumper{out: out}
	if asJSON {
		d = &jsonDumper{out: out}
	}
	problems := false
	for _, name := range names {
		damaged, err := dumpFile(ctx, fs, name, d)
		if err = errors.Join(err, out.Flush()); err != nil {
			return err
		}
		problems = problems || damaged
	}
	if problems {
		return errProblems
	}
	return nil
}

func dumpFile(ctx context.Context, fs *fsapi.FS, name string, d dumper) (damaged bool, err error) {
	f, err := files.Open(ctx, fs, name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	pieces := f.Pieces(false)
	header, err := pieces.Header()
	if err != nil {
		return false, err
	}
	d.begin(f, header)
	for {
		p, err := pieces.Next()
		if err == io.EOF {
			return damaged, d.end()
		}
		if err != nil {
			return damaged, errors.Join(err, d.end())
		}
		damaged = damaged || p.Problem != ""
		compression := ""
		if p.Message != nil {
			compression = mailfmt.Compression(f.Box(), p.Message)
		}
		d.piece(p, compression)
	}
}
