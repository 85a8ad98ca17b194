// Package sdbox is a single-dbox mail store: one file for each message. With
// Options.Version 2 it is a store that a running Dovecot 2.3 can share.
//
//	s, err := sdbox.Open(ctx, sdbox.Options{FS: fsys, Root: "/mail/u1/sdbox"})
//	inbox, err := s.Open(ctx, "INBOX")
//	tx := inbox.Begin()
//	err = tx.Save(ctx, message, mailstore.SaveOptions{})
//	uids, err := tx.Commit(ctx) // durable
//	for mail, err := range inbox.Fetch(ctx, nil, mailstore.FetchOptions{}) {
//		body, err := mail.Body(ctx)
//		…
//	}
//
// The methods are those of [mailstore.Store] and [mailstore.Mailbox].
//
// # On disk
//
//	ROOT/mailboxes/<name>/dbox-Mails/u.<uid>          a message
//	ROOT/mailboxes/<name>/dbox-Mails/dovecot.index*   flags, keywords, UIDs
//	ALT/mailboxes/<name>/dbox-Mails/u.<uid>           a message in alternate storage
//
// Other names in these directories, and UIDs that an index cannot have, are in
// nobody's way; Verify tells of those that begin with "u.", and a rebuild takes
// the files in whose number is all that is wrong with them.
//
// A message file is complete and durable before it gets its name, and never
// changes. The index is a log of changes, which is only appended to (package
// mailindex). A message is in the mailbox if and only if the index has its UID;
// the GUID, the times and the POP3 keys are in the file.
//
// # Order of steps
//
// Whoever changes a mailbox holds the lock on its log, which Dovecot takes too.
// Readers take none. What a crash leaves after each step:
//
//	save      write temporary files            files that a rebuild sweeps up
//	          lock; name and sync the files    files from UIDNEXT on, see below
//	          append to the log, sync          all saved
//
//	copy      like save; the file is a second name of the one copied
//
//	expunge   lock; append to the log, sync    all gone; files below UIDNEXT
//	          remove the files, sync           nothing
//
//	altmove   lock; copy, sync                 the same file twice
//	          append to the log, sync          the same file twice
//	          remove the old files, sync       nothing
//
//	move      copy, then expunge               the message in both mailboxes
//
//	delete    lock the list; mark the index    a mailbox that cannot be opened
//	          move it out of the tree, remove  what the next deletion removes
//
//	rebuild   lock; repair, split and rename  the same messages, some of them from
//	          files, sync                     UIDNEXT on
//	          write the index, sync           files that it does not have
//	          remove those, sync              nothing
//
//	rename    lock the list; move, sync        the alternate storage under the old name
//	          move the alternate storage       nothing
//
// What somebody else has asked for in the log and has not done (Dovecot writes
// expunges and moves to the alternate storage there first) is done by whoever
// changes the mailbox next (catchup.go).
//
// No step is reported as done before the last sync. A file from UIDNEXT on is of
// a commit that died: nobody was told that it is saved, nor that it is not, and
// the index may also have been put back to an older state. So nothing is lost:
// the commit that finds it in its way takes it in, and so does a rebuild. (For
// Dovecot such a file is a reason to rebuild the mailbox.) A file below UIDNEXT
// that the index does not have was expunged, and a rebuild removes it. Dovecot's
// rebuild knows no better than to take it in; it can only find one if the expunge
// was not reported as done, since the removal is synced before.
//
// Commits that come while another holds the lock go together then: one lock, one
// write to the log and one sync for all (queue.go).
//
// # Other processes
//
// Everything follows the log: what another process does is seen by the next
// Status, Entries, Fetch or change, and wakes Mailbox.Wait. A mailbox that has
// been deleted or renamed by anybody is mailstore.ErrDeleted from then on, also
// if there is another one under the name.
//
// # What is not done
//
// Nothing is compressed, and no attachments are taken out of messages. Those that
// Dovecot has taken out are put in again where Options.Attachments says where
// they are; without, such messages cannot be copied. What its plugins have
// compressed can be copied and moved about, but not read: mailstore.ErrIncomplete.
//
// # Reading the source
//
// store.go and boxes.go (what is open), box.go (a mailbox and its lock),
// mailbox.go (what a handle does), names.go (what is in a directory). Saving:
// save.go, queue.go, commit.go, orphan.go. The rest by name: fetch.go, expunge.go,
// copy.go, attachment.go, altmove.go, catchup.go, delete.go. Rebuild: rebuild.go
// (the store), rebuildbox.go (a mailbox), rebuildindex.go (its index),
// rebuildfile.go, rebuildnames.go and split.go (message files). verify.go and
// verifyread.go say what can be wrong.
package sdbox
