// Package workload is mail in place of blocks: what a mail server does with its
// files, in the same frame as block jobs.
//
//	mail-fetch     open, read whole, close: many small files
//	mail-deliver   durable delivery: created, synced, named, the directory synced
//	mdbox-append   messages appended to one multi-dbox file, durable
//	mdbox-fetch    random messages of multi-dbox files
//	mailbox-scan   every single-dbox file of a directory: header and metadata
//	mail-import    a Maildir taken over by a whole store
//
// Engines of the FS API and blocking ones do all but mail-import on files. Whole
// stores (Store) do deliveries, imports and fetches instead, with what they have:
// this library's with dbox and an LMTP server, Dovecot with doveadm and its own;
// another store is one more entry of Stores. What a fetch has read is compared
// with the mails: a few bytes of each while that is timed, all of them in another
// pass behind it, and the text from a whole store at once.
//
// # Reading the source
//
// workload.go (the interface and who does what), deliver.go and fetch.go with
// their event loops on the FS API (deliver_loop.go, fetch_loop.go, which the main
// job uses too), raw.go (without the FS API), syscalls_unix.go (without os.File),
// mdboxappend.go, mdboxfetch.go, scan.go, store.go and textcheck.go (whole stores),
// same.go (what was read is the mail), parallel.go and await.go (goroutines and
// waiting).
package workload
