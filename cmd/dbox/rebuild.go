package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func (a *app) rebuildCommand() *cobra.Command {
	var o storeOptions
	cmd := &cobra.Command{
		Use:   "rebuild STORE",
		Short: "Make the indexes of a store anew",
		Long: `rebuild puts the indexes of a store in line with its message files, and makes anew those
that are damaged or lost, with the UIDs, flags and keywords that can still be found.
Damaged message files are repaired first; the originals stay as .broken. What is not as
it was is printed, one line each.

"dbox verify" says whether a rebuild is needed. A rebuild of a healthy store changes
nothing that matters.
` + versionHelp + storeHelp + `

With --json it prints an object: mailboxes, messages, added (no index had them), dropped
(no file has them), expunged (files of expunged messages, removed), repaired (files),
notes.`,
		Example: `  dbox rebuild ~/mdbox
  dbox rebuild --json sdbox:/mail/joe | jq -r '.notes[]'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), args[0], o, func(s *stores.Store) error {
				return a.rebuild(cmd.Context(), s, o.json)
			})
		},
	}
	o.addFlags(cmd)
	o.addVersion(cmd)
	return cmd
}

// rebuiltJSON is what rebuild prints.
type rebuiltJSON struct {
	Type      string   `json:"type"` // "summary"
	Mailboxes int      `json:"mailboxes"`
	Messages  int      `json:"messages"`
	Added     int      `json:"added"`
	Dropped   int      `json:"dropped"`
	Expunged  int      `json:"expunged"`
	Repaired  int      `json:"repaired"`
	Notes     []string `json:"notes"`
}

func (a *app) rebuild(ctx context.Context, s *stores.Store, asJSON bool) error {
	done, err := s.Rebuild(ctx)
	err = withOwnerHint(err, "\ndbox: nothing is done that would change the owner of mail; run dbox as the user whose mail it is")
	if done == nil {
		done = &mailstore.RebuildReport{}
	}
	out := newReport(a, asJSON)
	if !asJSON {
		for _, note := range done.Notes {
			out.out.printf("%s\n", note)
		}
	}
	sum := rebuiltJSON{
		"summary", done.Mailboxes, done.Messages, done.Added, done.Dropped, done.Expunged, done.Repaired, append([]string{}, done.Notes...),
	}
	text := fmt.Sprintf("%s in %s: %d added, %d dropped; %s repaired, %d of expunged messages removed",
		count(done.Messages, "message"), count(done.Mailboxes, "mailbox"), done.Added, done.Dropped, count(done.Repaired, "file"), done.Expunged)
	return errors.Join(err, out.end(sum, text))
}
