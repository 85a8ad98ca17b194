package backendtest

import (
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func TestSync(t *testing.T) {
	Run(t, func(t *testing.T, depth int) backend.Backend { return backend.NewSync(depth) })
}
