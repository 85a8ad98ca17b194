package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) copyCommand() *cobra.Command {
	cmd := a.copyOrMove(mailstore.Mailbox.Copy)
	cmd.Use = "copy STORE MAILBOX UIDS TO"
	cmd.Short = "Copy messages into another mailbox"
	cmd.Long = `copy puts messages into the mailbox TO of the same store, with their flags, keywords,
GUIDs and dates: all of them, or after a failure none. No bytes are copied: an sdbox links
the file, an mdbox counts one reference more.
` + copyHelp
	cmd.Example = `  dbox copy ~/mdbox INBOX 1:5,9 Archive/2026 --create`
	return cmd
}

func (a *app) moveCommand() *cobra.Command {
	cmd := a.copyOrMove(mailstore.Mailbox.Move)
	cmd.Use = "move STORE MAILBOX UIDS TO"
	cmd.Short = "Move messages into another mailbox"
	cmd.Long = `move is copy, and then expunge in the mailbox they come from. If the machine dies between
the two, the messages are in both.
` + copyHelp
	cmd.Example = `  dbox move sdbox:/mail/joe INBOX 100: Archive`
	return cmd
}

const copyHelp = `
For each message its UID and the one it has got in TO are printed, with --json as an
object: uid, new_uid.
` + uidHelp + storeHelp

// transferFunc is Mailbox.Copy or Mailbox.Move.
type transferFunc func(from mailstore.Mailbox, ctx context.Context, uids []uint32, to mailstore.Mailbox) ([]uint32, error)

func (a *app) copyOrMove(transfer transferFunc) *cobra.Command {
	var o storeOptions
	create := false
	cmd := &cobra.Command{
		Args: cobra.ExactArgs(4),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withMessages(ctx, args[0], args[1], args[2], o, func(s *stores.Store, box mailstore.Mailbox, uids []uint32) error {
				to, err := openMailbox(ctx, s, args[3], create)
				if err != nil {
					return err
				}
				newUIDs, err := transfer(box, ctx, uids, to)
				if err = errors.Join(err, to.Close()); err != nil {
					return err
				}
				return a.printCopies(uids, newUIDs, o.json)
			})
		},
	}
	cmd.Flags().BoolVar(&create, "create", false, "make TO if there is no such mailbox")
	o.addFlags(cmd)
	o.addVersion(cmd)
	o.addAttachments(cmd)
	return cmd
}

// copiedJSON is a line of copy and move.
type copiedJSON struct {
	Type   string `json:"type"` // "copied"
	UID    uint32 `json:"uid"`
	NewUID uint32 `json:"new_uid"`
}

func (a *app) printCopies(uids, newUIDs []uint32, asJSON bool) error {
	out := newPrinter(a.stdout)
	for i, uid := range newUIDs {
		if !asJSON {
			out.printf("%d %d\n", uids[i], uid)
		} else if err := out.object(copiedJSON{"copied", uids[i], uid}); err != nil {
			return err
		}
	}
	return out.Flush()
}
