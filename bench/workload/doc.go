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
// Engines of the FS API and blocking ones do the first five on files. Whole
// stores (Store), Dovecot for one, do deliveries, imports and fetches with what
// they have instead; another store is one more entry of Stores.
//
// # Reading the source
//
// workload.go (the interface and who does what), deliver.go and fetch.go (event
// loops on the FS API, which the main job uses too), blocking.go, raw.go,
// append.go, mdboxfetch.go, scan.go, store.go.
package workload
