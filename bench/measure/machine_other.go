//go:build !linux

package measure

import "runtime"

// Kernel returns the name of the operating system.
func Kernel() string { return runtime.GOOS }

// FileSystem is not looked up here.
func FileSystem(string) string { return "the temporary directory" }
