package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/fsapi"
)

// transferOptions are the flags of import and export.
type transferOptions struct {
	box         mailfmt.BoxOptions
	keepCRLF    bool
	json        bool
	mailbox     string // "": not said
	into        string
	attachments string // of a store that is read
}

// needMailbox refuses to mix mailboxes where they cannot be told apart.
func (o transferOptions) needMailbox(source mailfmt.Source, to mailfmt.Location) error {
	shelf, ok := source.(mailfmt.Shelf)
	if !ok || to.Format.IsStore() || o.box.Folders || len(shelf.Mailboxes()) < 2 {
		return nil
	}
	return usageError{fmt.Errorf("%s holds one mailbox, and there are %d: say --mailbox", to, len(shelf.Mailboxes()))}
}

// goesInto is the mailbox of a store that all mail goes to; "": each to its own.
func (o transferOptions) goesInto(source mailfmt.Source, to mailfmt.Location) string {
	if _, ok := source.(mailfmt.Shelf); ok || o.into != "" || !to.Format.IsStore() {
		return o.into
	}
	return o.mailbox
}

// transfer moves all mail and prints what became of it. verb is "imported" or
// "exported".
func (a *app) transfer(ctx context.Context, fs *fsapi.FS, from, to mailfmt.Location, verb string, o transferOptions) error {
	source, err := a.openSource(ctx, fs, from, to, o)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := o.needMailbox(source, to); err != nil {
		return err
	}
	target, err := a.createTarget(ctx, fs, to, o)
	if err != nil {
		return err
	}
	bar := a.progress(-1, "copy")
	defer bar.done()
	out := newReport(a, o.json)
	if to.IsPipe() {
		out = newReport(&app{stdout: a.stderr, stderr: a.stderr}, o.json) // there the mail goes
	}
	result, err := mailfmt.Transfer(ctx, source, target, mailfmt.Options{
		KeepCRLF: o.keepCRLF,
		Into:     o.goesInto(source, to),
		Progress: bar.add,
		Problem: func(p *mailfmt.Problem) {
			bar.clear()
			out.problem(p.File, p.Offset, 0, p.Reason)
		},
	})
	bar.done()
	s := newTransferSummary(result, from, to)
	if k, ok := target.(mailfmt.Keeper); ok {
		s.KeptUIDs, s.NewUIDs = k.Kept()
	}
	if err := errors.Join(err, out.end(s, s.text(verb))); err != nil {
		return err
	}
	if result.Problems > 0 {
		return errProblems
	}
	return nil
}

// openSource opens the mail to transfer.
func (a *app) openSource(ctx context.Context, fs *fsapi.FS, from, to mailfmt.Location, o transferOptions) (mailfmt.Source, error) {
	if from.IsPipe() {
		return mailfmt.ReadMbox(ctx, fs, a.stdin)
	}
	return from.Open(ctx, fs, mailfmt.OpenOptions{
		Folders: to.Format.IsStore(), Mailbox: o.mailbox,
		Store: stores.Options{Attachments: o.attachments, Logger: a.logger()},
	})
}

func (a *app) createTarget(ctx context.Context, fs *fsapi.FS, to mailfmt.Location, o transferOptions) (mailfmt.Target, error) {
	if to.IsPipe() {
		return mailfmt.WriteMbox(a.stdout), nil
	}
	o.box.Store.Logger = a.logger()
	return to.Create(ctx, fs, o.box)
}

// transferSummary is the last line of import and export.
type transferSummary struct {
	Type     string         `json:"type"` // "summary"
	From     string         `json:"from"`
	To       string         `json:"to"`
	Messages int            `json:"messages"`
	Bytes    int64          `json:"bytes"`
	Problems int            `json:"problems"`
	Lost     map[string]int `json:"lost"` // how many messages have lost what

	// Of a store: the mailboxes that have kept their UIDs and UIDVALIDITY, and
	// those that had messages before.
	KeptUIDs []string `json:"kept_uids,omitempty"`
	NewUIDs  []string `json:"new_uids,omitempty"`
}

func newTransferSummary(r mailfmt.Result, from, to mailfmt.Location) *transferSummary {
	s := &transferSummary{
		Type: "summary", From: from.String(), To: to.String(),
		Messages: r.Written, Bytes: r.Bytes, Problems: r.Problems, Lost: map[string]int{},
	}
	for _, l := range mailfmt.Losses {
		if n := r.Lost[l.Loss]; n > 0 {
			s.Lost[l.Name] = n
		}
	}
	return s
}

func (s *transferSummary) text(verb string) string {
	text := fmt.Sprintf("%s %s to %s, %s read", count(s.Messages, "message"), verb, s.To, byteCount(s.Bytes))
	if s.Problems > 0 {
		text += "; " + count(s.Problems, "problem")
	}
	if n := len(s.KeptUIDs); n > 0 {
		text += "; UIDs kept in " + count(n, "mailbox")
	}
	for _, name := range s.NewUIDs {
		text += fmt.Sprintf("\ndbox: new UIDs in mailbox %q, which had messages before", name)
	}
	for _, l := range mailfmt.Losses {
		if n := s.Lost[l.Name]; n > 0 {
			text += fmt.Sprintf("\ndbox: not kept there: %s of %s", l.Name, count(n, "message"))
		}
	}
	return text
}

func (a *app) addTransferFlags(cmd *cobra.Command, o *transferOptions) {
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON: an object for each problem, and a summary")
	cmd.Flags().StringVar(&o.attachments, "attachments", "", "of a store that is read: Dovecot's mail_attachment_dir")
}
