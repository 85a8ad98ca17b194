package mailindex

import "github.com/ringbox/ringbox/fsapi"

// TryLockFile takes the lock that Dovecot takes on its logs and lists: a record
// lock for writing over the whole file. It does not wait; see
// [fsapi.File.TryLockRecord].
func TryLockFile(f *fsapi.File) error { return f.TryLockRecord() }
