//go:build race

package dboxfmt

// sampleEvery is how much of the real mail the slow detector sees: one in so
// many.
const sampleEvery = 20
