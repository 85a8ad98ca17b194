//go:build linux || darwin

package backendtest

import "syscall"

// restrictiveUmask lets only the owner have permissions until the returned
// function is called.
func restrictiveUmask(r *rig) (restore func()) {
	old := syscall.Umask(0o077)
	return func() { syscall.Umask(old) }
}
