package mailstore

import "github.com/ringbox/ringbox/fsapi"

// tryLock takes the lock that Dovecot takes: a record lock over the whole file.
func tryLock(f *fsapi.File) error { return f.TryLockRecord() }
