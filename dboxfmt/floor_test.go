package dboxfmt

import (
	"bytes"
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDovecotsFloor: the messages that the repair of Dovecot keeps as they were,
// this one keeps too.
func TestDovecotsFloor(t *testing.T) {
	rng := seeded(t)
	kept := 0
	for range 3000 / sampleEvery {
		seed := rng.Int63()
		kept += floorHolds(t, rand.New(rand.NewSource(seed)), seed)
	}
	require.Greater(t, kept, 1000/sampleEvery, "the model keeps so little that nothing is tested")
}

func floorHolds(t *testing.T, rng *rand.Rand, seed int64) (kept int) {
	data := randomFile(rng, 2, 0)
	_, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
	require.NoError(t, err)
	tr := newTrail(data)
	var did []string
	for range 1 + rng.Intn(3) {
		did = append(did, tr.harm(rng))
	}
	theirs := bodiesByGUID(fixLikeDovecot(tr.data))
	out, report := repairOnce(t, tr.data, RepairOptions{})
	ours := bodiesByGUID(out)
	for _, m := range all {
		guid, _ := m.Metadata.Get('G')
		what := fmt.Sprintf("case seed %d, %v: message at %d:\n%s", seed, did, m.Offset, listing(report))
		if m.body != "" && theirs[guid] == m.body {
			require.Equal(t, m.body, ours[guid], what)
			kept++
		}
	}
	return kept
}

// bodiesByGUID returns the bodies of a file, as far as it can be read.
func bodiesByGUID(data []byte) map[string]string {
	bodies := map[string]string{}
	_, all, _ := readForward(bytes.NewReader(data), DecoderOptions{})
	for _, f := range all {
		guid, _ := f.Metadata.Get('G')
		bodies[guid] = f.body
	}
	return bodies
}
