package main

import (
	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) altmoveCommand() *cobra.Command {
	var o storeOptions
	back := false
	cmd := &cobra.Command{
		Use:   "altmove STORE MAILBOX UIDS",
		Short: "Move messages to the alternate storage, or back",
		Long: `altmove moves the files of messages to the alternate storage, with --back to the primary
one. Nothing else about the messages changes. Of an mdbox message, its copies in other
mailboxes move with it.
` + uidHelp + versionHelp + storeHelp,
		Example: `  dbox altmove mdbox:/mail/joe:ALT=/slow/joe INBOX 1:1000
  dbox altmove ~/mdbox INBOX 7 --back`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withMessages(ctx, args[0], args[1], args[2], o, func(_ *stores.Store, box mailstore.Mailbox, uids []uint32) error {
				if err := box.AltMove(ctx, uids, back); err != nil {
					return err
				}
				return a.changed(o.json, len(uids), "moved")
			})
		},
	}
	cmd.Flags().BoolVar(&back, "back", false, "move from the alternate storage to the primary one")
	o.addFlags(cmd)
	o.addVersion(cmd)
	return cmd
}
