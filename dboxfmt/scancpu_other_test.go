//go:build !unix

package dboxfmt

import (
	"testing"
	"time"
)

var began = time.Now()

// cpuTime is the time that has passed: there is no other clock here.
func cpuTime(testing.TB) time.Duration { return time.Since(began) }
