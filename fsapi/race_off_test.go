//go:build !race

package fsapi

const raceEnabled = false
