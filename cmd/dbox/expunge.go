package main

import (
	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) expungeCommand() *cobra.Command {
	var o storeOptions
	cmd := &cobra.Command{
		Use:   "expunge STORE MAILBOX UIDS",
		Short: "Remove messages from a mailbox",
		Long: `expunge removes messages from a mailbox, whatever flags they have. They are gone when it
exits 0. Of an mdbox the space is given back by "dbox purge".
` + uidHelp + storeHelp,
		Example: `  dbox expunge ~/mdbox Trash 1:
  dbox expunge sdbox:/mail/joe INBOX 17,20:25`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.withMessages(ctx, args[0], args[1], args[2], o, func(_ *stores.Store, box mailstore.Mailbox, uids []uint32) error {
				if err := box.Expunge(ctx, uids); err != nil {
					return err
				}
				return a.changed(o.json, len(uids), "expunged")
			})
		},
	}
	o.addFlags(cmd)
	o.addAttachments(cmd)
	return cmd
}

// changedJSON is what commands print that change messages.
type changedJSON struct {
	Type     string `json:"type"` // "summary"
	Done     string `json:"done"`
	Messages int    `json:"messages"`
}

// changed says that messages have been changed.
func (a *app) changed(asJSON bool, n int, what string) error {
	out := newReport(a, asJSON)
	return out.end(changedJSON{"summary", what, n}, count(n, "message")+" "+what)
}
