package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pattern makes a file of any size from little memory: start, then a page over
// and over that holds unit many times, each time changed by vary.
type pattern struct {
	name  string
	start string
	unit  string
	// vary changes unit number i of a page of a file, in p, which holds it whole.
	vary func(p []byte, i, page, size int64)
}

const pageSize = 1 << 20

// patternFile reads a pattern as a file.
type patternFile struct {
	start string
	page  []byte
	size  int64
	read  int64 // bytes asked for
}

func (p pattern) file(size int64) *patternFile {
	f := &patternFile{start: p.start, size: size}
	for i := int64(0); len(f.page) < pageSize; i++ {
		f.page = append(f.page, p.unit...)
		if p.vary != nil {
			p.vary(f.page[len(f.page)-len(p.unit):], i, pageSize, size)
		}
	}
	return f
}

func (f *patternFile) ReadAt(p []byte, off int64) (n int, err error) {
	if off+int64(len(p)) > f.size {
		p, err = p[:max(0, f.size-off)], io.EOF
	}
	f.read += int64(len(p))
	if off < int64(len(f.start)) {
		n = copy(p, f.start[off:])
	}
	for n < len(p) {
		at := (off + int64(n) - int64(len(f.start))) % int64(len(f.page))
		n += copy(p[n:], f.page[at:])
	}
	return n, err
}

func (f *patternFile) source() Source { return Source{Name: "pattern", R: f, Size: f.size} }

// mix is a cheap pseudo-random function.
func mix(i int64) uint64 {
	x := uint64(i+1) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	return x * 0xbf58476d1ce4e5b9
}

const lowerHex = "0123456789abcdef"

func putHex(p []byte, v uint64) {
	for i := len(p) - 1; i >= 0; i-- {
		p[i] = lowerHex[v&15]
		v >>= 4
	}
}

func putSeparator(p []byte, i int64) {
	v := mix(i)
	for k := range p {
		p[k] = separatorAlphabet[v>>(4*(k%15))&63]
	}
}

// mailText is n bytes like those of a mail.
func mailText(n int) string {
	rng := rand.New(rand.NewSource(1))
	var b bytes.Buffer
	b.WriteString("From: a@example.org\nSubject: a mail\n\n")
	for b.Len() < n {
		for range 6 + rng.Intn(8) {
			b.WriteString("lorem ipsum dolor sit amet"[:3+rng.Intn(20)] + " ")
		}
		b.WriteByte('\n')
	}
	return b.String()[:n]
}

// cleanUnit is one message of a file of that version.
func cleanUnit(t testing.TB, version, size int) (start, unit string) {
	data := fileOf(t, version, mailText(size))
	n := NewFileHeader(version, time.Unix(created, 0)).Size()
	return string(data[:n]), string(data[n:])
}

const (
	startV2 = "2 M1e C5f3c2a10\n"
	startV3 = "3 M13 C5f3c2a10\n"
	fakeV2  = "\x01\x02N          0000000000000000\n"
	fakeV3  = "\x01\x02................\n"
	fakeEnd = "\x01\x03................0000000000000000\nR5f3c2a10\nG0123456789abcdef0123456789abcdef\nL00000052\n\n"
)

// wild is a size that leads anywhere in the file.
func wild(p []byte, i, _, size int64) { putHex(p[sizeAt:sizeEnd], mix(i)%uint64(size)) }

// doubtful makes unit i of a page, a header of 30 bytes, lead to the last unit or
// nowhere. The last is a block whose V fits none of them; before it is a good
// message that is in the body of all that lead there.
func doubtful(p []byte, i, page int64, lead bool) {
	last := (page+29)/30 - 1
	block := blockHeadV2 + "V%08x\nG6\nyyyyyyyyyy\n\n"
	switch {
	case i == last:
		copy(p, fmt.Sprintf(block, 0x7fffffff))
	case i == last-1:
		copy(p, xs('x', 30))
	case i == last-2 && lead:
		copy(p, fmt.Sprintf(block, 0))
	case i < last-3 && lead:
		putHex(p[sizeAt:sizeEnd], uint64(30*(last-i-1)))
	}
}

// hostile are files that make a scanner work.
func hostile() []pattern {
	return []pattern{
		{name: "0102", start: startV2, unit: "\x01\x02"},
		{name: "LF01", start: startV2, unit: "\n\x01"},
		{name: "0103v3", start: startV3, unit: "\x01\x03"},
		{name: "wild", start: startV2, unit: fakeV2, vary: wild},
		{name: "wildLF", start: startV2, unit: "\n\n" + fakeV2, vary: func(p []byte, i, page, size int64) { wild(p[2:], i, page, size) }},
		{name: "nested", start: startV2, unit: fakeV2, vary: func(p []byte, i, page, _ int64) {
			putHex(p[sizeAt:sizeEnd], uint64(max(0, page-64-30*i)))
		}},
		{name: "tiny", start: startV2, unit: "\n" + fakeV2},
		{name: "endless", start: startV2, unit: "\n\x01\x03\n" + xs('x', 60) + "\nR5\nG6"},
		{name: "endlessLines", start: startV2 + fakeV2 + blockHeadV2, unit: "R5f3c2a10\n"},
		{name: "blocks", start: startV2, unit: "\n\x01\x03\nR5\n\n"},
		{name: "wildToBlocks", start: startV2, unit: "x" + fakeV2 + "\n\x01\x03\nV5\nG6\n\n", vary: func(p []byte, i, _, size int64) {
			unit := int64(len(p))
			putHex(p[1+sizeAt:1+sizeEnd], mix(i)%uint64(max(1, size/unit))*uint64(unit))
		}},
		{name: "doubts", start: startV2 + "x", unit: fakeV2, vary: func(p []byte, i, page, _ int64) {
			doubtful(p, i, page, true)
		}},
		{name: "doubtsTiny", start: startV2, unit: fakeV2, vary: func(p []byte, i, page, _ int64) {
			doubtful(p, i, page, false)
		}},
		{name: "starts3", start: startV3, unit: fakeV3, vary: func(p []byte, i, _, _ int64) { putSeparator(p[2:18], i) }},
		{name: "ends3", start: startV3, unit: fakeEnd, vary: func(p []byte, i, _, size int64) {
			putSeparator(p[2:18], i)
			putHex(p[18:34], mix(i)%uint64(size))
		}},
		{name: "pairs3", start: startV3, unit: fakeV3 + "body" + fakeEnd[:len(fakeEnd)-4] + "5a\n\n", vary: func(p []byte, i, _, size int64) {
			putSeparator(p[2:18], i)
			putSeparator(p[25:41], i)
			putHex(p[41:57], mix(i)%uint64(size))
		}},
		{name: "lines3", start: startV3, unit: "x\x01\x03................0000000000000000\n", vary: func(p []byte, i, _, size int64) {
			putSeparator(p[3:19], i)
			putHex(p[19:35], mix(i)%uint64(size))
		}},
	}
}

func scanWhole(t testing.TB, src Source) (ranges int) {
	c := src.Scan(ScanOptions{})
	for {
		_, err := c.Next()
		if err == io.EOF {
			return ranges
		}
		require.NoError(t, err)
		ranges++
	}
}

// BenchmarkScan scans clean files of ordinary mails and hostile ones. The size
// in MiB is RINGBOX_SCAN_MIB, 16 unless set. Nothing of that size is in memory.
func BenchmarkScan(b *testing.B) {
	size := int64(16)
	if v, err := strconv.ParseInt(os.Getenv("RINGBOX_SCAN_MIB"), 10, 64); err == nil {
		size = v
	}
	var all []pattern
	for _, version := range []int{2, 3} {
		start, unit := cleanUnit(b, version, 8000)
		all = append(all, pattern{name: fmt.Sprintf("clean%d", version), start: start, unit: unit})
	}
	for _, p := range append(all, hostile()...) {
		b.Run(p.name, func(b *testing.B) {
			f := p.file(size << 20)
			b.SetBytes(f.size)
			ranges := 0
			for b.Loop() {
				ranges = scanWhole(b, f.source())
			}
			b.ReportMetric(float64(f.read)/float64(b.N)/float64(f.size), "reads/B")
			b.ReportMetric(float64(ranges), "ranges")
		})
	}
}
