package dboxfmt

import (
	"math/rand"
	"testing"
)

// addDamaged gives a fuzz target the damaged files, and some of each version.
func addDamaged(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data, false)
	}
	for _, c := range damagedCases {
		if c.data == nil {
			f.Add(testFile(f, "damaged/"+c.name), c.single)
		}
	}
	rng := rand.New(rand.NewSource(1))
	for version := 1; version <= 3; version++ {
		f.Add(randomFile(rng, version, 1), false)
	}
}

// FuzzScan scans anything: the ranges cover it, and it comes to an end.
func FuzzScan(f *testing.F) {
	addDamaged(f)
	f.Fuzz(func(t *testing.T, data []byte, single bool) {
		scanAll(t, data, ScanOptions{Single: single})
		scanAll(t, data, ScanOptions{Single: single, Verify: true})
	})
}

// FuzzRepair repairs anything: the repaired file has no fault, and a second
// repair changes nothing.
func FuzzRepair(f *testing.F) {
	addDamaged(f)
	f.Fuzz(func(t *testing.T, data []byte, single bool) {
		repaired(t, data, RepairOptions{Single: single})
	})
}
