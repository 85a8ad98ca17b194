//go:build !linux && !darwin

package backend

// StartPoller has nothing to do where descriptors are not limited.
func StartPoller() error { return nil }
