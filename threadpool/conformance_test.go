package threadpool

import (
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/backendtest"
)

func TestConformance(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		backendtest.Run(t, func(t *testing.T, depth int) backend.Backend {
			return newPool(t, Options{Depth: depth, Queue: kind})
		})
	})
}
