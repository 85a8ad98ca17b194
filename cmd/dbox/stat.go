package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) statCommand() *cobra.Command {
	o := statOptions{storeOptions: storeOptions{reading: true}}
	cmd := &cobra.Command{
		Use:   "stat STORE [MAILBOX...]",
		Short: "Count the messages of mailboxes",
		Long: `stat prints a line for each mailbox, or for those named: how many messages it has, how
many of them are unseen and recent, the UID that the next message gets, UIDVALIDITY, the
GUID of the mailbox, and the virtual size, that of all messages with CRLF in bytes. It
looks at indexes only, which have the virtual size when Dovecot has been asked for it;
otherwise it is "-", unless --vsize is given: then the files of the messages tell it.
` + storeHelp + `

With --json each line is an object: mailbox, messages, unseen, recent, uidnext,
uidvalidity, guid, keywords (all that the mailbox knows), vsize (null: not known).`,
		Example: `  dbox stat ~/mdbox
  dbox stat --json mdbox:/mail/joe INBOX | jq .unseen`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), args[0], o.storeOptions, func(s *stores.Store) error {
				return a.stat(cmd.Context(), s, args[1:], o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.sizes, "vsize", false, "find out the virtual size where no index knows it")
	o.addFlags(cmd)
	return cmd
}

// statOptions are the flags of stat.
type statOptions struct {
	storeOptions
	sizes bool // look into the files for them
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
	VirtualSize *int64   `json:"vsize"` // nil: not known
}

func (a *app) stat(ctx context.Context, s *stores.Store, names []string, o statOptions) error {
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
	if !o.json {
		tabs := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(tabs, "MESSAGES\tUNSEEN\tRECENT\tUIDNEXT\tUIDVALIDITY\tGUID\tVSIZE\tMAILBOX")
		defer out.Flush()
		defer tabs.Flush()
		table = tabs
	}
	for _, name := range names {
		st, err := statusOf(ctx, s, name, o.sizes)
		if err != nil {
			return err
		}
		guid := hex.EncodeToString(st.GUID[:])
		vsize, text := (*int64)(nil), "-"
		if st.VirtualSize != dboxfmt.UnknownSize {
			vsize, text = &st.VirtualSize, strconv.FormatInt(st.VirtualSize, 10)
		}
		if !o.json {
			fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n",
				st.Messages, st.Unseen, st.Recent, st.UIDNext, st.UIDValidity, guid, text, printable(name))
			continue
		}
		line := statusJSON{
			"status", name, st.Messages, st.Unseen, st.Recent, st.UIDNext, st.UIDValidity, guid, append([]string{}, st.Keywords...), vsize,
		}
		if err := out.object(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func statusOf(ctx context.Context, s *stores.Store, name string, sizes bool) (st mailstore.Status, err error) {
	box, err := openMailbox(ctx, s, name, false)
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	if st, err = box.Status(ctx); err != nil || !sizes || st.VirtualSize != dboxfmt.UnknownSize {
		return st, err
	}
	st.VirtualSize, err = virtualSize(ctx, box)
	return st, err
}

// virtualSize adds up what the files of messages say; dboxfmt.UnknownSize if one
// does not.
func virtualSize(ctx context.Context, box mailstore.Mailbox) (total int64, err error) {
	for m, err := range box.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		switch {
		case err != nil:
			return 0, err
		case m.VirtualSize == dboxfmt.UnknownSize:
			return dboxfmt.UnknownSize, nil
		}
		total += m.VirtualSize
	}
	return total, nil
}
