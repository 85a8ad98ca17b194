package fault_test

import (
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/backendtest"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// TestTransparent: without rules nothing changes.
func TestTransparent(t *testing.T) {
	backendtest.Run(t, func(t *testing.T, depth int) backend.Backend { return fault.Wrap(backend.NewSync(depth)) })
}

// TestMemberByMember: a rule without an effect takes every chain apart, and
// nothing changes either.
func TestMemberByMember(t *testing.T) {
	backendtest.Run(t, func(t *testing.T, depth int) backend.Backend {
		b := fault.Wrap(backend.NewSync(depth))
		b.Add(fault.Rule{Times: fault.Always})
		b.Record()
		return b
	})
}
