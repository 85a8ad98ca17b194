package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// fetchOptions are the flags of fetch.
type fetchOptions struct {
	storeOptions
	headers  bool
	metadata bool

	copying []byte // what bodies are copied through
}

// maxHeader is how much of a header is printed, in bytes.
const maxHeader = 16 << 20

func (a *app) fetchCommand() *cobra.Command {
	o := fetchOptions{storeOptions: storeOptions{reading: true}}
	cmd := &cobra.Command{
		Use:   "fetch STORE MAILBOX [UIDS]",
		Short: "Print messages, their headers, or what is known about them",
		Long: `fetch prints the bodies of messages one after the other, without UIDS those of all; with
--headers only their headers, each with the empty line behind it; with --metadata what the
index and the message file say about them. Compressed bodies are decompressed.

With --json each message is a line with an object: uid, flags, keywords, recent, alt,
received and saved (Unix seconds, null if not known), size, virtual_size, guid, metadata;
with --headers also header.

A message that cannot be read, or does not fit its checksum, is told about on standard
error; the others are printed, and the exit code is 1.
` + uidHelp + storeHelp,
		Example: `  dbox fetch ~/mdbox INBOX 17 | less
  dbox fetch ~/mdbox INBOX 20: --headers
  dbox fetch mdbox:/mail/joe Archive --json | jq -r 'select(.size>1000000).uid'`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.metadata && (o.headers || o.json) {
				return usageError{errors.New("--metadata stands for itself: --json has it in it")}
			}
			uids := ""
			if len(args) == 3 {
				uids = args[2]
			}
			return a.withMessages(cmd.Context(), args[0], args[1], uids, o.storeOptions, func(s *stores.Store, box mailstore.Mailbox, uids []uint32) error {
				return a.fetch(cmd.Context(), s, box, uids, o)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.headers, "headers", false, "print headers only")
	f.BoolVar(&o.metadata, "metadata", false, "print what is known about the messages")
	o.addFlags(cmd)
	o.addAttachments(cmd)
	return cmd
}

func (a *app) fetch(ctx context.Context, s *stores.Store, box mailstore.Mailbox, uids []uint32, o fetchOptions) error {
	if len(uids) == 0 {
		return nil // for Fetch that would be all
	}
	out := newPrinter(a.stdout)
	o.copying = make([]byte, 32<<10)
	problems := 0
	for m, err := range box.Fetch(ctx, uids, mailstore.FetchOptions{Verify: true}) {
		if m == nil {
			return err
		}
		if err == nil {
			s.FindAttachments(m)
			err = o.print(ctx, out, m)
		}
		if errors.Is(err, errOutput) || ctx.Err() != nil {
			return err
		}
		if err != nil {
			if err := out.Flush(); err != nil {
				return err
			}
			a.warn("mailbox %q: uid %d: %v", box.Name(), m.UID, err)
			problems++
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if problems > 0 {
		return errProblems
	}
	return nil
}

func (o fetchOptions) print(ctx context.Context, out *printer, m *mailstore.Mail) error {
	switch {
	case o.json:
		return o.printJSON(ctx, out, m)
	case o.metadata:
		return printMetadata(ctx, out, m)
	case o.headers:
		header, err := headerOf(ctx, m)
		if err != nil {
			return err
		}
		_, err = printed{out}.Write(header)
		return err
	}
	text, err := mailfmt.StoredText(ctx, m)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(printed{out}, text, o.copying)
	return err
}

// headerOf returns the header of a message with the empty line behind it.
func headerOf(ctx context.Context, m *mailstore.Mail) ([]byte, error) {
	text, err := mailfmt.StoredText(ctx, m)
	if err != nil {
		return nil, err
	}
	return mailfmt.ReadHeader(text, maxHeader)
}

// errOutput tells what cannot be printed from what cannot be read.
var errOutput = errors.New("standard output")

// printed is a printer whose errors are an errOutput.
type printed struct{ w io.Writer }

func (p printed) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if err != nil {
		err = errors.Join(errOutput, err)
	}
	return n, err
}
