// Package mailstore is what the two kinds of dbox mail store have in common: the
// interfaces that a server programs against, and the parts of a store that do
// not depend on how messages lie in files.
//
//	Store        the mailboxes of one user      sdbox.Store, mdbox.Store
//	Mailbox      one of them, open
//	Transaction  messages that are being saved
//	Entries      what the index says about all messages, at one moment
//	Mail         a message that Fetch has opened
//
// Names of mailboxes are UTF-8 with "/" between levels. UIDs that are not there
// any more are passed over everywhere, since another process may expunge a
// message at any time.
//
// Errors are wrapped in what they are about (mailbox, uid, file, offset) and are
// told apart by errors.Is: fs.ErrNotExist, fs.ErrExist, those of this package,
// those of mailindex about indexes and of dboxfmt about message files. ErrCorrupt
// means: Rebuild puts it right. A failed change has not happened, unless the
// error is ErrUncertain.
//
// # For those who build a store
//
// Tree is the directories: the list of mailboxes with its lock, subscriptions,
// UIDVALIDITY. Messages writes message files. Ahead is the pipeline of Fetch.
// NewEntry, NewStatus and FlagChange.Apply join all that with a mailindex.Index,
// and ReadSalvage gets out of a damaged one what is left.
//
// # Reading the source
//
// Interfaces: store.go, mailbox.go, successor.go, transaction.go, entries.go,
// mail.go, flags.go, errors.go, report.go. Names: mutf7.go, name.go. Tree: tree.go,
// treechange.go, listlock.go, subscriptions.go, uidvalidity.go. The rest by name:
// message.go, ahead.go, copy.go, status.go, vsize.go, flagchange.go, salvage.go.
package mailstore
