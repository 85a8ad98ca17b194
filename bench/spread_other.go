//go:build !linux

package main

// spread is needed on Linux only.
func spread(string) {}
