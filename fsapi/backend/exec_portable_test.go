//go:build !linux && !darwin

package backend

import (
	"errors"
	"testing"
)

func skipUnsupported(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
}
