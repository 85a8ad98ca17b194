package dboxfmt

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTelling: passing over blocks that cannot decide finds what looking at each
// of them does.
func TestTelling(t *testing.T) {
	rng := seeded(t)
	for range 400 {
		h := v2
		if rng.Intn(2) == 0 {
			h = v3
		}
		data := idleBlocks(rng, h.Version)
		what := fmt.Sprintf("%q", data)
		quick, slow := lostGap(data, h), lostGap(data, h)
		for from := int64(len(startV2)) + 1; ; {
			want, found, err := slow.next(from, allMarks, slow.tells)
			require.NoError(t, err)
			got, ok, err := quick.nextTelling(from)
			require.NoError(t, err)
			require.Equal(t, found, ok, what)
			if !found {
				break
			}
			require.Equal(t, want.at, got.at, what)
			require.Equal(t, want.block, got.block, what)
			from = want.at + 1
		}
	}
}

// lostGap is a gap without a header that starts behind the line of the file.
func lostGap(data []byte, h FileHeader) *gap {
	start := int64(len(startV2))
	g := &gap{finder: newFinder(source(data), h), start: start, limit: int64(len(data)), run: lineRun{version: h.Version}}
	g.chain = start
	return g
}

// idleBlocks are runs of blocks that cannot decide, with something between them
// that can.
func idleBlocks(rng *rand.Rand, version int) []byte {
	b := bytes.NewBufferString(startV2)
	for range 1 + rng.Intn(4) {
		idle := rng.Intn(3)
		for range rng.Intn(60) {
			putBlock(b, version, idle, rng)
		}
		putBlock(b, version, 3+rng.Intn(5), rng)
	}
	return b.Bytes()
}

func putBlock(b *bytes.Buffer, version, kind int, rng *rand.Rand) {
	size := rng.Int63n(1 << 20)
	length := 35 + len("R5\n") + lengthItem
	items := map[int]string{1: xs('x', 60) + "\n", 3: "G5\n", 4: "R5\nG6\n", 5: "V3\n"}[kind]
	switch kind {
	case 2: // as it is
	case 3, 4:
		items += "\n"
	case 5:
		size = int64(b.Len()) - 19 - int64(len(startV2)) // leads to the start
	case 6:
		b.WriteString(map[int]string{2: fakeV2, 3: "\x01\x020123456789abcdef\n"}[version])
	case 7:
		length++ // than it is
	}
	if version < 3 {
		fmt.Fprintf(b, "\n\x01\x03\n%sR5\n%s", items, strings.Repeat("\n", rng.Intn(2)))
		return
	}
	if kind > 2 {
		items = ""
	}
	length += len(items) + kind%2
	fmt.Fprintf(b, "\x01\x03%016d%016x\n%sR5\nL%08x\n\n", rng.Int63n(1e15), max(0, size), items, length)
}

// TestBodyFullOfBlocks: blocks in a body do not end it, however many there are.
func TestBodyFullOfBlocks(t *testing.T) {
	for _, block := range []string{"\n\x01\x03\nR5\n\n", "\n\x01\x03\nV7\nG6\n\n", "\n\x01\x03\nR5\n\n\x01\x02N "} {
		body := mail(1) + strings.Repeat(block, 300) + "\nthe end\n"
		data := fileOf(t, 2, body, mail(2))
		_, report := repaired(t, changed(data, len(startV2)+sizeAt, "0000000000000003"), RepairOptions{})
		require.Equal(t, body, string(data[report.Ranges[1].Message.BodyOffset:][:report.Ranges[1].Message.BodySize]), listing(report))
	}
}
