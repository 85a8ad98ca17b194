package dboxfmt

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMarks compares the search for markers with one that looks at each byte.
func TestMarks(t *testing.T) {
	rng := seeded(t)
	for range 300 {
		s := shapesOf(FileHeader{Version: 2 + rng.Intn(2), MessageHeaderSize: 30 + rng.Intn(3)})
		p := make([]byte, rng.Intn(2000))
		few := 4 + rng.Intn(8)
		for i := range p {
			p[i] = "\x01\n\x02\x03\x00\x0b\x09\x81\x8a0L"[rng.Intn(min(few, 11))]
		}
		for _, which := range []kinds{onlyBlocks, onlyHeaders, allMarks} {
			var want, got []int
			for i := range p {
				if which&onlyBlocks != 0 && s.block.match(p, i) || which&onlyHeaders != 0 && s.header.match(p, i) {
					want = append(want, i)
				}
			}
			for i := s.next(p, 0, which); i < len(p); i = s.next(p, i+1, which) {
				got = append(got, i)
			}
			require.Equal(t, want, got)
		}
	}
}
