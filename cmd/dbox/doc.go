// Command dbox works on dbox mail stores and on their message files, and moves
// mail between them and Maildir, mbox and .eml files.
//
//	dbox list STORE                          the mailboxes of a store
//	dbox stat STORE [MAILBOX...]             how many messages they have
//	dbox fetch STORE MAILBOX [UIDS]          bodies, headers, metadata
//	dbox save STORE MAILBOX [FILE...]        deliver
//	dbox flags STORE MAILBOX UIDS            change flags and keywords
//	dbox expunge STORE MAILBOX UIDS
//	dbox copy|move STORE MAILBOX UIDS TO
//	dbox altmove STORE MAILBOX UIDS          to the alternate storage, or back
//	dbox purge STORE                         give back the space of expunged messages
//	dbox rebuild STORE                       make indexes anew
//	dbox mailbox create|delete|rename|subscribe|unsubscribe STORE ...
//
//	dbox verify PATH...                      check stores or files
//	dbox import SRC DST                      Maildir, mbox, .eml, store -> store or files
//	dbox export SRC DST                      store or files -> Maildir, mbox, .eml
//
//	dbox dump FILE...                        what is in the files: offsets, sizes, metadata
//	dbox cat FILE [N]                        the text of a message
//	dbox repair PATH...                      repair what verify finds
//	dbox convert --to 3 SRC DST
//
// All reading and writing of mail goes through the FS API; --backend chooses
// its engine.
//
// # Exit codes
//
//	0  done, nothing wrong
//	1  done, and something is wrong with the mail: damage, bad checksums
//	2  wrong command line
//	3  not done: a file that cannot be read or written, an interrupt
//
// Results go to standard output, everything else to standard error. A reader of
// standard output that goes away (dbox cat m.1 | head) is no error.
//
// # Reading the source
//
// main.go and root.go (start, flags, exit code), then a file for each command.
// store.go, uidset.go and flagnames.go are what the commands on stores share,
// transfer.go what import and export share, output.go, progress.go and size.go
// what all share. Package stores finds and opens stores, package files finds and
// reads message files, package mailfmt moves mail between formats, package mbox
// is the codec of mbox.
package main
