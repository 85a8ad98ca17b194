package backendtest

import (
	"testing"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

// Factory makes a fresh engine that holds about depth operations in flight.
// It skips the test, saying why, where the engine cannot run. The suite closes
// the engine.
type Factory = func(t *testing.T, depth int) backend.Backend

// testCase is one promise; Run gives each a rig of its own.
type testCase struct {
	name string
	test func(r *rig)
}

// hangLimit ends a test whose engine lost an operation, with all stacks.
const hangLimit = 3 * time.Minute

const defaultDepth = 64

// Run checks every promise of package backend on the engines that factory
// makes.
func Run(t *testing.T, factory Factory) {
	// An engine that cannot run here skips the whole suite, not its parts.
	require.NoError(t, factory(t, defaultDepth).Close())
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"transfer", transferCases}, {"vectored", vectoredCases}, {"open", openCases},
		{"names", nameCases}, {"sync", syncCases}, {"failure", failureCases}, {"invalid", invalidCases},
		{"chain", chainCases}, {"depth", depthCases}, {"cancel", cancelCases}, {"close", closeCases},
		{"concurrent", concurrentCases}, {"reuse", reuseCases}, {"extra", extraCases},
		{"history", historyCases},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) { c.test(newRig(t, factory, defaultDepth)) })
			}
		})
	}
}
