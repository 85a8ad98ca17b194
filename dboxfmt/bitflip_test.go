package dboxfmt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// threeMails is a file of that version and where its messages are.
func threeMails(t *testing.T, version int) ([]byte, []found) {
	data := fileOf(t, max(2, version), mail(1), mail(2), mail(3))
	if version == 1 {
		data = version1Mails(t)
	}
	_, all, err := readForward(bytes.NewReader(data), DecoderOptions{Verify: true})
	require.NoError(t, err)
	require.Len(t, all, 3)
	return data, all
}

// lasting is the metadata without some keys.
func lasting(f found, but string) (kept Metadata) {
	for _, item := range f.Metadata {
		if !strings.ContainsRune(but, rune(item.Key)) {
			kept = append(kept, item)
		}
	}
	return kept
}

// TestEveryBitFlip flips every bit of a file, one at a time. The other messages
// stay as they are, and the one that was hit keeps its body, and its GUID unless
// that was hit.
func TestEveryBitFlip(t *testing.T) {
	for version := 1; version <= 3; version++ {
		data, all := threeMails(t, version)
		for at := 0; at < len(data); at += sampleEvery {
			for bit := range 8 {
				flipped := bytes.Clone(data)
				flipped[at] ^= 1 << bit
				what := fmt.Sprintf("version %d, byte %d bit %d: %q", version, at, bit, flipped[max(0, at-20):min(len(flipped), at+20)])
				out, report := repaired(t, flipped, RepairOptions{})
				_, got, err := readForward(bytes.NewReader(out), DecoderOptions{})
				require.NoError(t, err, what)
				require.Len(t, got, 3, "%s\n%s", what, listing(report))
				for i, m := range all {
					block := m.BodyOffset + m.BodySize
					switch hit := int64(at); {
					case hit >= block && hit < m.End():
						require.Equal(t, m.body, got[i].body, "%s\n%s", what, listing(report))
					case hit >= m.BodyOffset && hit < block:
						require.Equal(t, lasting(m, "VHL"), lasting(got[i], "VHL"), "%s\n%s", what, listing(report))
					default:
						require.Equal(t, m.body, got[i].body, "%s\n%s", what, listing(report))
						require.Equal(t, lasting(m, "L"), lasting(got[i], "L"), "%s\n%s", what, listing(report))
					}
				}
			}
		}
	}
}

// TestEveryCut cuts a file at every place. What was received stays.
func TestEveryCut(t *testing.T) {
	for version := 1; version <= 3; version++ {
		data, all := threeMails(t, version)
		for cut := range data {
			out, report := repaired(t, data[:cut], RepairOptions{})
			_, got, _ := readForward(bytes.NewReader(out), DecoderOptions{})
			var want []string
			for _, m := range all {
				if received := min(int64(len(m.body)), int64(cut)-m.BodyOffset); received > 0 {
					want = append(want, m.body[:received])
				}
			}
			var bodies []string
			for _, f := range got {
				bodies = append(bodies, f.body)
			}
			require.Equal(t, want, bodies, "version %d, cut at %d\n%s", version, cut, listing(report))
		}
	}
}
