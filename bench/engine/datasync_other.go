//go:build !linux

package engine

import "os"

// SyncFile syncs everything: there is nothing less here.
func SyncFile(f *os.File, _ bool) error { return f.Sync() }
