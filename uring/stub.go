//go:build !(linux && (amd64 || arm64))

package uring

import (
	"fmt"
	"runtime"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Engine is never made on this platform.
type Engine struct{ backend.Backend }

// New returns an error wrapping backend.ErrUnavailable.
func New(Options) (*Engine, error) {
	return nil, fmt.Errorf("%w: io_uring exists on linux/amd64 and linux/arm64, this is %s/%s: use the thread pool",
		backend.ErrUnavailable, runtime.GOOS, runtime.GOARCH)
}

// Stats returns zeros.
func (*Engine) Stats() Stats { return Stats{} }

// Register does nothing.
func (*Engine) Register(...[]byte) error { return nil }

// RegisterFile does nothing.
func (*Engine) RegisterFile(*backend.Handle) (release func(), err error) { return func() {}, nil }
