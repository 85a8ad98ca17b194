//go:build linux && (amd64 || arm64)

package uring

import (
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/backendtest"
)

func TestConformance(t *testing.T) {
	for name, o := range map[string]Options{
		"a ring for each P":            {},
		"one ring, few kernel workers": {Rings: 1, Workers: 2},
	} {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, func(t *testing.T, depth int) backend.Backend {
				o.Depth = depth
				return open(t, o)
			})
		})
	}
}
