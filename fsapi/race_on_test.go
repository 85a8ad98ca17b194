//go:build race

package fsapi

// raceEnabled: the race detector makes pools forget what they hold.
const raceEnabled = true
