package mailindex

import "github.com/ringbox/ringbox/fsapi"

// tryLock takes the lock that Dovecot takes: a record lock for writing over the
// whole log.
func tryLock(log *fsapi.File) error { return log.TryLockRecord() }
