package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) mailboxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mailbox",
		Short: "Create, delete, rename, subscribe mailboxes",
		Long: `mailbox changes the list of mailboxes of a store. Names are UTF-8 with "/" between levels.
What is done is durable when it exits 0.

"create" makes the levels above a mailbox too, and the store if there is none and STORE
says of which kind it is to be. "delete" removes the messages; mailboxes below stay.
"rename" takes the mailboxes below along. INBOX cannot be deleted or renamed.
` + storeHelp,
		Example: `  dbox mailbox create mdbox:/mail/joe Archive/2026 Work
  dbox mailbox rename ~/mdbox Work Done/Work
  dbox mailbox delete ~/mdbox Work
  dbox mailbox subscribe ~/mdbox Archive/2026
  dbox mailbox unsubscribe ~/mdbox Work`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{errors.New("create, delete, rename, subscribe or unsubscribe is needed")}
		},
	}
	cmd.AddCommand(
		a.eachMailbox("create", "Make mailboxes", (*stores.Store).Create),
		a.eachMailbox("delete", "Delete mailboxes with their messages", (*stores.Store).Delete),
		a.eachMailbox("subscribe", "Subscribe mailboxes", subscription(true)),
		a.eachMailbox("unsubscribe", "Unsubscribe mailboxes", subscription(false)),
		a.renameCommand(),
	)
	return cmd
}

// mailboxFunc does something with a mailbox.
type mailboxFunc func(s *stores.Store, ctx context.Context, name string) error

func subscription(on bool) mailboxFunc {
	return func(s *stores.Store, ctx context.Context, name string) error { return s.Subscribe(ctx, name, on) }
}

// eachMailbox is a command that does the same with all mailboxes named.
func (a *app) eachMailbox(verb, short string, do mailboxFunc) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " STORE MAILBOX...",
		Short: short,
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := storeOptions{create: verb == "create"}
			return a.withStore(cmd.Context(), args[0], o, func(s *stores.Store) error {
				for _, name := range args[1:] {
					if err := do(s, cmd.Context(), name); err != nil {
						return nameError(err)
					}
				}
				return nil
			})
		},
	}
}

func (a *app) renameCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rename STORE FROM TO",
		Short: "Rename a mailbox and those below it",
		Args:  cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), args[0], storeOptions{}, func(s *stores.Store) error {
				return nameError(s.Rename(cmd.Context(), args[1], args[2]))
			})
		},
	}
}

// nameError makes a name that no mailbox can have a mistake on the command line.
func nameError(err error) error {
	if errors.Is(err, mailstore.ErrName) {
		return usageError{err}
	}
	return err
}
