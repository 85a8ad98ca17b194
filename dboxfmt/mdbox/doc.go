// Package mdbox is a multi-dbox mail store: many messages in a file, and an
// index, the map, that knows where each of them is.
//
//	s, err := mdbox.Open(ctx, mdbox.Options{FS: fsys, Root: "/var/mail/joe/mdbox"})
//	inbox, err := s.Open(ctx, "INBOX")
//	tx := inbox.Begin()
//	err = tx.Save(ctx, body, mailstore.SaveOptions{})
//	uids, err := tx.Commit(ctx)
//	for mail, err := range inbox.Fetch(ctx, uids, mailstore.FetchOptions{}) { … }
//
// What can be done with a store and its mailboxes is in package mailstore.
//
// # Files
//
//	ROOT/storage/m.1, m.2, …                     messages, back to back
//	ROOT/storage/dovecot.map.index, .log         the map: map uid → file, offset,
//	                                             length, and in how many mailboxes
//	ROOT/mailboxes/<name>/dbox-Mails/dovecot.index, .log
//	                                             a mailbox: uid → flags, keywords,
//	                                             map uid, GUID
//	ALT/storage/m.3, …                           messages in the alternate storage
//
// A copy of a message is one more entry of a mailbox with the same map uid. An
// expunged message stays in its file until Purge. A message that moves to
// another file keeps its map uid, so that only the map changes.
//
// With Options.Version 2 the store is one of Dovecot's, and Dovecot 2.3 may use
// it at the same time. With version 3 everything but the message files is the
// same.
//
// # Locks
//
// Whoever takes several takes them in this order, Dovecot too: the list of
// mailboxes, m.N (flock, while a transaction or a compaction writes to it, or
// replaces it), the log of the map, the logs of mailboxes (record locks). Whoever
// changes a reference to a message has the map locked. Readers take none: they look at the
// mailbox first, then at the map, then at the file, and look again if the file
// is not there any more.
//
// Dovecot's purge gives the lock of an m.N that it has copied to back before the map
// shows the copies, but while it has the map locked. So who has got m.N, and finds
// something in it that the map does not know, has to lock the map before it can
// tell that nobody will.
//
// # Order of steps, and what a crash leaves
//
// After every step stands what is left if the process or the machine dies then.
// Nothing that was acknowledged is lost by any of it.
//
// A transaction:
//
//	what is more than 64 KiB goes to files; those    messages behind the end that
//	that were there are synced                       the map knows. The next one who
//	                                                 appends to the file tells the map,
//	                                                 as expunged ones, if they are whole;
//	                                                 else another file is taken. Purge
//	                                                 removes either
//	lock the map, then the mailboxes
//	the rest is appended to a file, sync             the same
//	new files: the map learns that the numbers are   nothing: the numbers are not used
//	taken, sync
//	sync, name, sync the directory                   files that the map does not know
//	the map gets all messages, sync                  messages that no mailbox has; Rebuild
//	                                                 puts them into the mailbox they were for
//	the mailboxes get them, sync                     done
//	unlock
//
// Transactions that commit at the same time go through this together, with one
// sync of a message file, the map and a mailbox for all of them (queue.go).
//
//	copy        one reference more, sync; mailbox, sync. Between: a count too high
//	move        copy, then expunge. Between: both
//	expunge     mailbox, sync; one reference less, sync. Between: a count too high
//	delete      mark the index, sync; fewer references, sync; remove the files
//	purge,      copy what is alive to other files, sync; the map points to the
//	altmove     copies and forgets the dead, sync; remove the file, sync the
//	            directory. Between: copies that the map does not know; then, a file
//	            that the map does not know
//
// A count that is too high only wastes space. So does what a commit or a copy
// leaves that has failed with a mailstore.ErrUncertain: it may be durable, and so
// the count stays. Verify reports it; if no mailbox has the message, not as
// harmless, since that could as well be one that a mailbox has lost. Purge leaves
// it alone. Rebuild corrects the count, and puts a message that no mailbox has
// into the one it was saved to.
//
// Where Dovecot's order makes a count too low, which would lose the message in the
// next purge, it is found and raised: by the first one who locks the map after the
// crash, whose log says that something was left undone (reconcile), and by every
// Purge, which counts all references before it removes anything, and does nothing
// where a mailbox cannot be read.
//
// # What is not done
//
// Nothing is compressed, and no attachments are taken out of messages. What a
// plugin of Dovecot has compressed can be copied and purged, but not read
// (mailstore.ErrIncomplete). Attachments that it has taken out are put in again
// where Options.Attachments says where they are; Purge does not remove their
// files.
//
// # Reading the source
//
// layout.go and place.go say what is where; mapview.go and boxview.go read
// indexes, mapindex.go changes the map; boxes.go has the mailboxes that are open,
// survey.go looks at all of them, references.go counts what they refer to. Saving
// is transaction.go, then commit.go with queue.go and commitgroup.go, whose steps
// are in commitfiles.go, commitmap.go and commitboxes.go; outlet.go, outlets.go and
// choose.go find the files to append to. mailbox.go, fetch.go with fetchfiles.go,
// expunge.go, copy.go, delete.go and create.go are what their names say. purge.go
// and altmove.go decide what compact.go does with compacted.go (the old file) and
// rewrite.go (the copies). rebuild.go leads its steps: rebuildscan.go,
// rebuildboxes.go, rebuildjoin.go, rebuildwrite.go. verify.go, verifyfiles.go and
// verifymoved.go change nothing.
package mdbox
