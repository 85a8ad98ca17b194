package dboxfmt

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLargeMessages: the same promises for messages that are larger than what is
// kept in memory, and for headers that lead far.
func TestLargeMessages(t *testing.T) {
	rng := seeded(t)
	for range max(1, 24/sampleEvery) {
		seed := rng.Int63()
		largeStay(t, rand.New(rand.NewSource(seed)), seed)
	}
}

func largeStay(t *testing.T, rng *rand.Rand, seed int64) {
	version := 2 + rng.Intn(2)
	var bodies []string
	for range 3 + rng.Intn(5) {
		bodies = append(bodies, largeBody(rng, []int{100, 100, 1 << 20, 3 << 20, 5 << 20, 9 << 20}[rng.Intn(6)]))
	}
	data := fileWith(rng, version, bodies)
	_, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
	require.NoError(t, err)
	var hit [][2]int64
	for range 1 + rng.Intn(4) {
		hit = append(hit, overwrite(rng, data, all))
	}
	what := fmt.Sprintf("case seed %d, version %d, hit %v", seed, version, hit)
	ranges, _ := scanAll(t, data, ScanOptions{Verify: rng.Intn(2) == 0})
	for _, m := range all {
		touched := slices.ContainsFunc(hit, func(h [2]int64) bool { return h[0] < m.End() && h[1] > m.Offset })
		found := slices.ContainsFunc(ranges, func(r Range) bool {
			return r.Verdict == Intact && r.Offset == m.Offset && r.Length == m.Length
		})
		require.True(t, touched || found, "%s: message at %d+%d is lost", what, m.Offset, m.Length)
	}
}

// largeBody has headers in it that lead anywhere.
func largeBody(rng *rand.Rand, size int) string {
	var b bytes.Buffer
	for b.Len() < size {
		switch rng.Intn(4) {
		case 0:
			fmt.Fprintf(&b, "\n\x01\x02N          %016X\n", rng.Intn(20<<20))
		case 1:
			fmt.Fprintf(&b, "\x01\x02%016d\n\n\x01\x03%016d%016x\nR5\nL0000002f\n\n", rng.Int63n(1e15), rng.Int63n(1e15), rng.Intn(20<<20))
		case 2:
			b.WriteString("\n\x01\x03\nR5\nG6\n\n")
		default:
			b.WriteString(mailText(2000))
		}
	}
	return b.String()
}

// overwrite destroys a piece of the file, often where it hurts.
func overwrite(rng *rand.Rand, data []byte, all []found) [2]int64 {
	m := all[rng.Intn(len(all))]
	places := []int64{m.Offset, m.Offset + sizeAt, m.BodyOffset, m.BodyOffset + m.BodySize, m.End() - 2, rng.Int63n(int64(len(data)))}
	at := places[rng.Intn(len(places))]
	size := min(int64(len(data))-at, []int64{1, 1, 8, 60, 3 << 20}[rng.Intn(5)])
	for i := range size {
		data[at+i] = 0
		if size < 100 {
			data[at+i] = "0123456789abcdef\n\x01"[rng.Intn(18)]
		}
	}
	return [2]int64{at, at + size}
}
