//go:build !windows

package fsapi

import (
	"errors"
	"syscall"
)

// isNotDir reports whether rmdir complained that it met no directory.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
