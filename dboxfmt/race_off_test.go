//go:build !race

package dboxfmt

// sampleEvery: all of it.
const sampleEvery = 1
