//go:build !iouringgo || !linux

package engine

import "fmt"

func openRing(Config) (Engine, error) {
	return nil, fmt.Errorf("%w: iouring-go is not in this program: build it on Linux with -tags iouringgo -ldflags=-checklinkname=0", ErrUnavailable)
}
