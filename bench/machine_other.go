//go:build !linux

package main

import "runtime"

// kernel returns the name of the operating system.
func kernel() string { return runtime.GOOS }

// fileSystem is not looked up here.
func fileSystem(string) string { return "the temporary directory" }
