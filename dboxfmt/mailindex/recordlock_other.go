//go:build !linux

package mailindex

import "github.com/ringbox/ringbox/fsapi"

// TryLockFile takes a lock that excludes others who use this package. Where there
// are no record locks that belong to a handle, Dovecot must not use the same
// store at the same time.
func TryLockFile(f *fsapi.File) error { return f.TryLock() }
