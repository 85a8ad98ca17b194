package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/fsapi"
)

func (a *app) exportCommand() *cobra.Command {
	o := transferOptions{keepCRLF: true}
	cmd := &cobra.Command{
		Use:   "export SRC DST",
		Short: "Write the mail of a store, or of dbox files, elsewhere",
		Long: `export reads a store, or dbox message files, and writes the mail elsewhere.

SRC is a store, sdbox:PATH or mdbox:PATH[:ALT=PATH], or a dbox file, or a directory all
message files below which are read without looking at indexes (sdbox-files:PATH,
mdbox-files:PATH): then flags are those that import has put into the files, and messages
that were expunged but are still in a multi-dbox file come too. Without a format it is
guessed; where a whole store is, it is taken for one.

DST is maildir:DIR (made, or added to), mbox:FILE (must not exist), mbox:- (standard
output; what else there is to say goes to standard error) or eml:DIR (must be empty or
not exist); a name that ends in .mbox and a Maildir that exists need no format.
The mailboxes of a store become the folders of a Maildir (Maildir++), INBOX the Maildir
itself; with --mailbox one mailbox becomes all of DST, which mbox and eml need if the
store has several.

Kept are the date of arrival, and where DST can hold them the GUID, flags and keywords;
what is lost is said at the end. Compressed bodies (gzip, zlib, bzip2, zstd) are decompressed.
A damaged message, or one whose attachments are kept in other files that --attachments
does not tell, is a problem: one line FILE: OFFSET: REASON, exit code 1; the others are
exported.`,
		Example: `  dbox export mdbox:/mail/joe maildir:Maildir
  dbox export ~/mdbox --mailbox Archive/2026 mbox:2026.mbox
  dbox export mailboxes/INBOX/dbox-Mails mbox:inbox.mbox
  dbox export ~/mdbox --mailbox INBOX mbox:- | gzip > inbox.mbox.gz
  dbox export storage/m.1 maildir:Maildir`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error {
				from, to, err := exportLocations(cmd.Context(), fs, args)
				if err != nil {
					return err
				}
				o.box.Folders = from.Format.IsStore() && to.Format == mailfmt.Maildir && o.mailbox == ""
				if o.mailbox != "" && !from.Format.IsStore() {
					return usageError{fmt.Errorf("--mailbox is for stores, and %s is none", from)}
				}
				return a.transfer(cmd.Context(), fs, from, to, "exported", o)
			})
		},
	}
	cmd.Flags().StringVar(&o.mailbox, "mailbox", "", "the mailbox of a store to export; default: all")
	cmd.Flags().BoolVar(&o.box.Portable, "windows-names", runtime.GOOS == "windows", "of a Maildir: names that Windows can have, with ; for :")
	a.addTransferFlags(cmd, &o)
	return cmd
}

func exportLocations(ctx context.Context, fs *fsapi.FS, args []string) (from, to mailfmt.Location, err error) {
	if from, to, err = parseLocations(args); err != nil {
		return from, to, err
	}
	if from, err = from.Guess(ctx, fs); err != nil {
		return from, to, guessError(err)
	}
	if to, err = to.GuessNew(ctx, fs); err != nil {
		return from, to, guessError(err)
	}
	switch {
	case !from.Format.IsBox() && !from.Format.IsStore():
		err = usageError{fmt.Errorf("%s: export reads stores and dbox files only; see import", from)}
	case to.Format.IsBox() || to.Format.IsStore():
		err = usageError{fmt.Errorf("%s: export does not write dbox; see import and convert", to)}
	}
	return from, to, err
}

func parseLocations(args []string) (from, to mailfmt.Location, err error) {
	if from, err = mailfmt.ParseLocation(args[0]); err == nil {
		to, err = mailfmt.ParseLocation(args[1])
	}
	if err != nil {
		err = usageError{err}
	}
	return from, to, err
}

// guessError makes a path without a format that cannot be told a mistake on the
// command line.
func guessError(err error) error {
	if errors.Is(err, mailfmt.ErrGuess) {
		return usageError{err}
	}
	return err
}
