package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) listCommand() *cobra.Command {
	o := storeOptions{reading: true}
	cmd := &cobra.Command{
		Use:   "list STORE",
		Short: "List the mailboxes of a store",
		Long: `list prints the names of the mailboxes of a store, sorted, with "/" between levels. Behind
a name stands "(subscribed)" if it is, and "(level)" if it is only a level above others.
` + storeHelp + `

With --json each line is an object: name, selectable, subscribed.`,
		Example: `  dbox list ~/mdbox
  dbox list --json sdbox:/mail/joe:ALT=/slow/joe | jq -r 'select(.subscribed).name'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), args[0], o, func(s *stores.Store) error {
				return a.list(cmd.Context(), s, o.json)
			})
		},
	}
	o.addFlags(cmd)
	return cmd
}

// mailboxJSON is a line of list.
type mailboxJSON struct {
	Type       string `json:"type"` // "mailbox"
	Name       string `json:"name"`
	Selectable bool   `json:"selectable"`
	Subscribed bool   `json:"subscribed"`
}

func (a *app) list(ctx context.Context, s *stores.Store, asJSON bool) error {
	all, err := s.Mailboxes(ctx)
	if err != nil {
		return err
	}
	out := newPrinter(a.stdout)
	for _, m := range all {
		if asJSON {
			if err := out.object(mailboxJSON{"mailbox", m.Name, m.Selectable, m.Subscribed}); err != nil {
				return err
			}
			continue
		}
		out.printf("%s%s\n", printable(m.Name), remark(m))
	}
	return out.Flush()
}

func remark(m mailstore.MailboxInfo) (text string) {
	if m.Subscribed {
		text += " (subscribed)"
	}
	if !m.Selectable {
		text += " (level)"
	}
	return text
}
