//go:build !linux

package mailindex

import "github.com/ringbox/ringbox/fsapi"

// tryLock takes a lock that excludes others who use this package. Where there
// are no record locks that belong to a handle, Dovecot must not use the same
// index at the same time.
func tryLock(log *fsapi.File) error { return log.TryLock() }
