package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// saveOptions are the flags and arguments of save.
type saveOptions struct {
	storeOptions
	flags    []string
	received string
	files    []string
}

func (a *app) saveCommand() *cobra.Command {
	var o saveOptions
	cmd := &cobra.Command{
		Use:   "save STORE MAILBOX [FILE...]",
		Short: "Save messages into a mailbox",
		Long: `save puts messages into a mailbox, each FILE is one, "-" or no FILE is standard input. CRLF
becomes LF. All are saved or none: when it exits 0 they are durable, and the UID of each
has been printed, in the order of the files; --json prints objects: file, uid.
` + flagHelp + versionHelp + storeHelp,
		Example: `  dbox save ~/mdbox INBOX < message.eml
  dbox save ~/mdbox Archive/2026 --create --flags seen,Work --received 2026-03-14T10:00:00Z a.eml b.eml`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.files = args[2:]; len(o.files) == 0 {
				o.files = []string{"-"}
			}
			each, err := o.each()
			if err != nil {
				return err
			}
			return a.withMailbox(cmd.Context(), args[0], args[1], o.storeOptions, func(s *stores.Store, box mailstore.Mailbox) error {
				return a.save(cmd.Context(), s.FS, box, each, o)
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.flags, "flags", nil, "flags and keywords of the messages")
	f.StringVar(&o.received, "received", "", "date of arrival, as 2026-03-14T10:00:00+01:00 or in Unix seconds; default: now")
	f.BoolVar(&o.create, "create", false, "make the mailbox, and the store, if there is none")
	o.addFlags(cmd)
	o.addVersion(cmd)
	return cmd
}

// each are the options of each message.
func (o saveOptions) each() (each mailstore.SaveOptions, err error) {
	if each.Flags, each.Keywords, err = parseFlags(o.flags); err != nil || o.received == "" {
		return each, err
	}
	if n, err := strconv.ParseInt(o.received, 10, 64); err == nil {
		each.Received = time.Unix(n, 0)
	} else if each.Received, err = time.Parse(time.RFC3339, o.received); err != nil {
		return each, usageError{fmt.Errorf("--received: %w", err)}
	}
	if each.Received.Unix() < 0 {
		return each, usageError{fmt.Errorf("--received %s: before 1970", o.received)}
	}
	return each, nil
}

func (a *app) save(ctx context.Context, fs *fsapi.FS, box mailstore.Mailbox, each mailstore.SaveOptions, o saveOptions) error {
	tx := box.Begin()
	for _, path := range o.files {
		if err := a.saveFile(ctx, fs, tx, path, each); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	uids, err := tx.Commit(ctx)
	if err != nil {
		return err
	}
	out := newPrinter(a.stdout)
	for i, uid := range uids {
		if !o.json {
			out.printf("%d\n", uid)
		} else if err := out.object(savedJSON{"saved", o.files[i], uid}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// savedJSON is a line of save.
type savedJSON struct {
	Type string `json:"type"` // "saved"
	File string `json:"file"`
	UID  uint32 `json:"uid"`
}

func (a *app) saveFile(ctx context.Context, fs *fsapi.FS, tx mailstore.Transaction, path string, each mailstore.SaveOptions) error {
	if path == "-" {
		return tx.Save(ctx, interruptible(ctx, a.stdin), each)
	}
	f, err := files.Open(ctx, fs, path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := tx.Save(ctx, f.From(0), each); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// interruptible is a reader whose reads end with ctx, also while nothing comes.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	pr, pw := io.Pipe()
	context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(pw, r)
		pw.CloseWithError(err)
	}()
	return pr
}
