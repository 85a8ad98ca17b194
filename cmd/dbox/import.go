package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/mailfmt"
	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func (a *app) importCommand() *cobra.Command {
	var o transferOptions
	version := 0
	rotate := sizeFlag(10 << 20)
	multi, newUIDs := false, false
	cmd := &cobra.Command{
		Use:   "import SRC DST",
		Short: "Bring mail into a store, or into dbox files",
		Long: `import reads mail and saves it into a store, or writes dbox message files without indexes.

SRC is maildir:DIR, mbox:FILE (mboxrd; mboxo is read the same way; mbox:- is standard
input, which is read to its end first), eml:DIR (all .eml
files in it), eml:FILE, or a store, sdbox:PATH or mdbox:PATH[:ALT=PATH]. Message files
without their indexes (sdbox-files:PATH, mdbox-files:PATH) can be imported into a store.
Without a format it is guessed.

DST is a store, which is made if there is none and is added to if there is one; importing
twice gives everything twice. Mailboxes are made as needed. A Maildir is imported with
its folders (Maildir++), as INBOX and what the folders are called; a store with all its
mailboxes, empty ones and subscriptions too. Of both, --mailbox takes one only. Other mail
goes to the mailbox that --mailbox says (INBOX). --into puts all mail into one mailbox.

Or DST is sdbox-files:DIR (u.1, u.2, ...; what a PATH means where no store is) or
mdbox-files:DIR (m.1, ...; with --multi). The directory must be empty or not exist. Of a
Maildir only its own cur and new come then; flags go into the files (items F and K), where
Dovecot does not look for them.

Mailboxes of a Maildir that Dovecot has used (dovecot-uidlist), or of a store, keep their
UIDs and UIDVALIDITY, so that clients need not fetch everything again, if those of the
same name in DST have never had a message; otherwise messages get new UIDs, which is said
at the end. --new-uids gives new ones always.

Kept are the date of arrival (time of a Maildir file, From_ line, Date of an .eml file),
the GUID (name of a Maildir file), flags and keywords; of stores also POP3 identifiers and
the time of saving. What is lost is said at the end. CRLF becomes LF, as when Dovecot
saves, unless --keep-crlf is given; of dbox mail every byte stays as it is.

Messages are committed in groups. After an interrupt or a failure, the messages that the
last line counts are there, complete and durable; no part of another is.
` + versionHelp,
		Example: `  dbox import maildir:Maildir mdbox:/mail/joe
  dbox import sdbox:/old/joe:ALT=/slow/joe mdbox:/mail/joe
  dbox import old.mbox mdbox:/mail/joe --mailbox Archive/2019
  dbox import mbox:- mdbox:/mail/joe --mailbox Archive/2018 < older.mbox
  dbox import maildir:Maildir sdbox-files:new
  dbox import --version 2 --multi --mailbox Archive old.mbox mail/storage`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if version != 0 && version != 2 && version != 3 {
				return usageError{fmt.Errorf("--version %d: 2 or 3", version)}
			}
			o.box = mailfmt.BoxOptions{Version: cmp.Or(version, 3), Rotate: int64(rotate), Mailbox: cmp.Or(o.mailbox, mailstore.Inbox)}
			o.box.Store = stores.Options{Version: version, Create: true}
			o.box.KeepUIDs = !newUIDs
			return a.withFS(cmd.Context(), func(fs *fsapi.FS) error {
				from, to, err := importLocations(cmd.Context(), fs, args, multi)
				if err == nil {
					err = o.checkImport(from, to)
				}
				if err != nil {
					return err
				}
				if from.Format.IsBox() || from.Format.IsStore() {
					o.keepCRLF = true // what is there has been through this
				}
				return a.transfer(cmd.Context(), fs, from, to, "imported", o)
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&version, "version", 0, "of the message files: 2, for Dovecot, or 3; default: see above, and 3 for files")
	f.BoolVar(&multi, "multi", false, "write multi-dbox files where DST has no format")
	f.BoolVar(&newUIDs, "new-uids", false, "do not take over UIDs and UIDVALIDITY")
	f.Var(&rotate, "rotate-size", "multi-dbox files: begin another at this size; 0: never")
	f.StringVar(&o.mailbox, "mailbox", "", "the mailbox to import, or to import to; what multi-dbox files remember (item B)")
	f.StringVar(&o.into, "into", "", "the mailbox of a store that all mail goes to")
	f.BoolVar(&o.keepCRLF, "keep-crlf", false, "keep CRLF line ends")
	a.addTransferFlags(cmd, &o)
	return cmd
}

func importLocations(ctx context.Context, fs *fsapi.FS, args []string, multi bool) (from, to mailfmt.Location, err error) {
	if from, to, err = parseLocations(args); err != nil {
		return from, to, err
	}
	if to, err = to.GuessStore(ctx, fs); err != nil {
		return from, to, err
	}
	if to.Format == "" {
		to.Format = mailfmt.SingleBoxes
		if multi {
			to.Format = mailfmt.MultiBoxes
		}
	}
	from, err = from.Guess(ctx, fs)
	return from, to, guessError(err)
}

// checkImport says what does not go together.
func (o transferOptions) checkImport(from, to mailfmt.Location) error {
	switch {
	case !to.Format.IsBox() && !to.Format.IsStore():
		return usageError{fmt.Errorf("%s: import writes stores and dbox files only; see export", to)}
	case to.Format.IsStore() && filepath.Clean(from.Path) == filepath.Clean(to.Path):
		return usageError{fmt.Errorf("%s: it is both source and destination", to)}
	case to.Format.IsStore():
		return nil
	case from.Format.IsBox() || from.Format.IsStore():
		return usageError{fmt.Errorf("%s: dbox mail is imported into stores only; see export and convert", from)}
	case o.into != "":
		return usageError{fmt.Errorf("--into is for stores, and %s is none", to)}
	}
	return nil
}
