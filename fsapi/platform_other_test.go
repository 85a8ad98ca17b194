//go:build !unix

package fsapi

import "testing"

func onlyUnix(t *testing.T) { t.Skip("other errors here") }
