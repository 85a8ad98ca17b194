package dboxfmt

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUntouchedMessagesStay: whatever is damaged, messages whose own bytes are
// untouched are there after the repair, byte by byte.
func TestUntouchedMessagesStay(t *testing.T) {
	rng := seeded(t)
	ambiguous := 0
	for range 3000 / sampleEvery {
		seed := rng.Int63()
		ambiguous += untouchedStay(t, rand.New(rand.NewSource(seed)), seed)
	}
	require.LessOrEqual(t, ambiguous, 3, "messages are taken for bodies of others")
}

func untouchedStay(t *testing.T, rng *rand.Rand, seed int64) (ambiguous int) {
	version := 1 + rng.Intn(3)
	data := randomFile(rng, version, 0)
	_, all, err := readForward(bytes.NewReader(data), DecoderOptions{Verify: true})
	require.NoError(t, err, "seed %d", seed)
	tr := newTrail(data)
	var did []string
	for range 1 + rng.Intn(3) {
		did = append(did, tr.harm(rng))
	}
	if h, err := ParseFileHeader(tr.data); err == nil && tr.origin[0] != 0 && (h.Version == 3) != (version == 3) {
		return 0 // the header of a file in a body is at the start now, and counts
	}
	what := fmt.Sprintf("case seed %d, version %d, %v", seed, version, did)
	out, report := repaired(t, tr.data, RepairOptions{})
	for _, m := range all {
		at := int64(tr.untouched(m.Offset, m.End()))
		switch {
		case at < 0:
		case contained(report, at):
			ambiguous++
		default:
			require.True(t, keeps(report, out, at, m), "%s: message at %d (%d now) is lost:\n%s", what, m.Offset, at, listing(report))
		}
	}
	return ambiguous
}

// contained says whether an offset is in the body of a message whose header
// leads to a whole block. It may be there by damage, but nothing tells.
func contained(report *RepairReport, offset int64) bool {
	for _, r := range report.Ranges {
		if r.Message != nil && offset > r.Offset && offset < r.End() {
			return r.Verdict == Intact || strings.HasPrefix(r.Reason, "V,")
		}
	}
	return false
}

// listing is a report in short.
func listing(report *RepairReport) string {
	var b strings.Builder
	for _, r := range report.Ranges {
		fmt.Fprintf(&b, "%6d %6d %s: %s (%s, %s)\n", r.Offset, r.Length, r.Verdict, r.Reason, r.Action, r.Note)
	}
	return b.String()
}

// keeps says whether a message that is at offset in the damaged file is in the
// repaired one.
func keeps(report *RepairReport, out []byte, offset int64, m found) bool {
	for _, r := range report.Ranges {
		if r.Offset != offset || r.Length != m.Length {
			continue
		}
		if r.Message == nil || r.Message.BodySize != m.BodySize {
			return false
		}
		for _, item := range m.Metadata.without(lengthItemKey) {
			if value, _ := r.Message.Metadata.Get(item.Key); value != item.Value {
				return false
			}
		}
		// Without its file header version 1 and 2 are almost the same.
		lost := report.Ranges[0].Reason != "" || strings.HasPrefix(r.Reason, "a message of version")
		kept := r.Action == Kept || r.Action == Rebuilt && (lost || m.Version == 1)
		return kept && strings.Contains(string(out[r.NewOffset:][:r.NewLength]), m.body)
	}
	return false
}
