package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// flagsOptions are the flags of flags.
type flagsOptions struct {
	storeOptions
	add, remove, replace []string
}

func (a *app) flagsCommand() *cobra.Command {
	var o flagsOptions
	cmd := &cobra.Command{
		Use:   "flags STORE MAILBOX UIDS",
		Short: "Change flags and keywords of messages",
		Long: `flags adds flags and keywords to messages, removes them, or replaces all of them. What
--add and --remove do not name stays.
` + flagHelp + uidHelp + storeHelp,
		Example: `  dbox flags ~/mdbox INBOX 1:5,9 --add seen,Work --remove flagged
  dbox flags mdbox:/mail/joe INBOX 7: --replace ''`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			change, err := o.change(cmd.Flags().Changed("replace"))
			if err != nil {
				return err
			}
			return a.withMessages(cmd.Context(), args[0], args[1], args[2], o.storeOptions, func(_ *stores.Store, box mailstore.Mailbox, uids []uint32) error {
				return a.setFlags(cmd.Context(), box, uids, change, o.json)
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.add, "add", nil, "flags and keywords that the messages get")
	f.StringSliceVar(&o.remove, "remove", nil, "flags and keywords that they lose")
	f.StringSliceVar(&o.replace, "replace", nil, "all flags and keywords that they have afterwards; '' for none")
	o.addFlags(cmd)
	return cmd
}

func (o flagsOptions) change(replace bool) (c mailstore.FlagChange, err error) {
	if replace == (len(o.add)+len(o.remove) > 0) {
		return c, usageError{errors.New("--add and --remove, or --replace, is needed")}
	}
	add := o.add
	if replace {
		add = o.replace
	}
	c.Replace = replace
	if c.Add, c.AddKeywords, err = parseFlags(add); err == nil {
		c.Remove, c.RemoveKeywords, err = parseFlags(o.remove)
	}
	return c, err
}

func (a *app) setFlags(ctx context.Context, box mailstore.Mailbox, uids []uint32, c mailstore.FlagChange, asJSON bool) error {
	if err := box.SetFlags(ctx, uids, c); err != nil {
		return err
	}
	return a.changed(asJSON, len(uids), "changed")
}
