//go:build unix

package fsapi

import "testing"

// onlyUnix skips a test of errnos where there are none.
func onlyUnix(*testing.T) {}
