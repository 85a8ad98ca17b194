package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) statCommand() *cobra.Command {
	o := storeOptions{reading: true}
	cmd := &cobra.Command{
		Use:   "stat STORE [MAILBOX...]",
		Short: "Count the messages of mailboxes",
		Long: `stat prints a line for each mailbox, or for those named: how many messages it has, how
many of them are unseen and recent, the UID that the next message gets, UIDVALIDITY and
the GUID of the mailbox. It looks at indexes only.
` + storeHelp + `

With --json each line is an object: mailbox, messages, unseen, recent, uidnext,
uidvalidity, guid, keywords (all that the mailbox knows).`,
		Example: `  dbox stat ~/mdbox
  dbox stat --json mdbox:/mail/joe INBOX | jq .unseen`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), args[0], o, func(s *stores.Store) error {
				return a.stat(cmd.Context(), s, args[1:], o.json)
			})
		},
	}
	o.addFlags(cmd)
	return cmd
}

// statusJSON is a line of stat.
type statusJSON struct {
	Type        string   `json:"type"` // "status"
	Mailbox     string   `json:"mailbox"`
	Messages    int      `json:"messages"`
	Unseen      int      `json:"unseen"`
	Recent      int      `json:"recent"`
	UIDNext     uint32   `json:"uidnext"`
	UIDValidity uint32   `json:"uidvalidity"`
	GUID        string   `json:"guid"`
	Keywords    []string `json:"keywords"`
}

func (a *app) stat(ctx context.Context, s *stores.Store, names []string, asJSON bool) error {
	if len(names) == 0 {
		all, err := s.Selectable(ctx)
		if err != nil {
			return err
		}
		for _, info := range all {
			names = append(names, info.Name)
		}
	}
	out := newPrinter(a.stdout)
	var table io.Writer = out
	if !asJSON {
		tabs := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(tabs, "MESSAGES\tUNSEEN\tRECENT\tUIDNEXT\tUIDVALIDITY\tGUID\tMAILBOX")
		defer out.Flush()
		defer tabs.Flush()
		table = tabs
	}
	for _, name := range names {
		st, err := statusOf(ctx, s, name)
		if err != nil {
			return err
		}
		guid := hex.EncodeToString(st.GUID[:])
		if !asJSON {
			fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%s\t%s\n", st.Messages, st.Unseen, st.Recent, st.UIDNext, st.UIDValidity, guid, printable(name))
			continue
		}
		o := statusJSON{"status", name, st.Messages, st.Unseen, st.Recent, st.UIDNext, st.UIDValidity, guid, append([]string{}, st.Keywords...)}
		if err := out.object(o); err != nil {
			return err
		}
	}
	return out.Flush()
}

func statusOf(ctx context.Context, s *stores.Store, name string) (st mailstore.Status, err error) {
	box, err := openMailbox(ctx, s, name, false)
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	return box.Status(ctx)
}
