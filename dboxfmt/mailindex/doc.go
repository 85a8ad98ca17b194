// Package mailindex reads and writes Dovecot's index files, so that a store can
// be shared with a Dovecot 2.3 that runs at the same time.
//
//	x, err := mailindex.Open(ctx, fs, dir, "dovecot.index", mailindex.Options{})
//	err = x.Refresh(ctx)          // what others have written since
//	v, err := x.View(ctx)         // stays as it is
//	m, err := v.Find(ctx, uid)
//
//	tx := &mailindex.Transaction{}
//	tx.SetFlags(mailindex.UIDRange{First: 1, Last: 9}, mailindex.Seen, 0)
//	err = x.Commit(ctx, tx)       // nil: durable
//
// # Files
//
// An index X (dovecot.index of a mailbox, dovecot.map.index of the map of a
// multi-dbox) is a log of changes and, from time to time, a file that sums up:
//
//	X             main index: header, extensions, one record per message, up to
//	              a place in a log; replaced by rename; may be missing
//	X.backup      the main index before
//	X.log         log: header, records; only appended to
//	X.log.2       the log before
//	X.log.newlock a log that is being made
//
//	X.log.2 [header|record|…|record]
//	                  ▲           │ sequence and length: what X.log continues
//	                  │           ▼
//	X.log             │     [header|record|boundary(record record)|…
//	X [header|extensions|records] the changes up to here are in the records
//
// All numbers are little-endian, but for the sizes of log records (offset.go). The
// diagrams are beside the codecs: header.go, extension.go, keywords.go,
// logheader.go, record.go, payload.go.
//
// # What a reader does
//
// It loads X, goes to the place in the logs that X names, and applies the records
// from there to the end (load.go). Its files are from one moment: X is opened
// before the logs, and if by the end a name leads to another file, all is read
// again. These rules hold:
//
//   - A log with no log before it begins the index anew: what was known is
//     forgotten, unless X is for that log already.
//   - A record that is not all there ends the log, for now. So does a boundary
//     whose records are not all there: they count together or not at all.
//   - Extensions have numbers, in the order in which they came to be. The first
//     keyword makes one too.
//   - An extension record is about the extension of the last intro; with another
//     reset id than the extension has, it is passed over.
//   - An expunge that is not external is a request: the message stays until an
//     external one comes.
//   - Where X cannot be read, X.backup or the logs alone stand in, if there is no
//     gap. Else the error is [ErrCorrupt], and the store rebuilds.
//
// Refresh asks for the length of the log, and reads on where it has grown.
//
// # What a writer does
//
// It takes the lock, reads to the end, appends all records in one write, syncs,
// and unlocks ([Index.Commit]; step by step, [Index.Lock] and [Locked]). What
// cannot be read back is refused before it is written. If the write or the sync
// fails, the FS API cuts the log to its old length under the lock. A record that a
// writer has died at stays at the end of the log, where nobody would read past
// it: the next writer begins a new log that continues before it.
// The format has no checksums: where a file may get longer before its data is
// there (ext4 mounted with data=writeback), a crash can leave a transaction that
// was not reported as done with holes. Then the index is [ErrCorrupt], or has a
// part of it.
//
// Upkeep writes X when the log has got ahead of it, and begins a new log when
// that is long or old ([Limits]; rotate.go has the steps and why no crash leaves a
// gap). Messages of a large X are read page by page when they are needed, so that
// neither opening an index nor changing one message costs more the more
// messages there are; only writing X does.
//
// # Locks
//
// The lock is what Dovecot takes: a record lock (fcntl) for writing over the
// whole of X.log, from offset 0 without an end. Who has got it makes sure that
// the file still has that name, since the log may have been rotated while it
// waited. Here it is a lock of the open file, which conflicts with Dovecot's but
// does not vanish when this process closes another handle of the file. The
// Indexes of one process and FS wait in line (turn.go); other processes are
// asked for it again and again, since the kernel tells nobody when it is free.
// Who creates X.log.newlock, which must not exist, may make a log; a new one is
// locked before it becomes X.log. Readers take no locks.
//
// Outside Linux there is no such lock; an flock excludes other users of this
// package there, and a Dovecot must not be at work at the same time.
//
// # Reading the source
//
// Codecs over bytes: offset.go, header.go, extension.go, keywords.go, logheader.go,
// record.go, payload.go; encode.go writes log records. What they mean: state.go,
// with statemsg.go, statekeyword.go, stateext.go, statebounds.go, modseq.go; its
// messages are in records.go over base.go and source.go. Reading files: mainfile.go,
// log.go, load.go. What users hold: index.go, view.go, message.go, transaction.go. Writing:
// txencode.go, lock.go with writer.go and turn.go, append.go; rotate.go and
// newlog.go; rewrite.go and mainwrite.go; reset.go.
package mailindex
