package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"testing"
	"time"
)

// pattern makes a file of any size from little memory: start, then a page over
// and over that holds unit many times, each time changed by vary.
type pattern struct {
	name  string
	start string
	unit  string
	body  int // size of a clean message of about the same length, if unit is one
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
	startV2  = "2 M1e C5f3c2a10\n"
	startV3  = "3 M13 C5f3c2a10\n"
	fakeV2   = "\x01\x02N          0000000000000000\n"
	fakeV3   = "\x01\x02................\n"
	fakeLine = "x\x01\x03................0000000000000000\n"
	fakeEnd  = "\x01\x03................0000000000000000\nR5f3c2a10\nG0123456789abcdef0123456789abcdef\nL00000052\n\n"
)

// wild is a size that leads anywhere in the file.
func wild(p []byte, i, _, size int64) { putHex(p[sizeAt:sizeEnd], mix(i)%uint64(size)) }

// wildEnd is the start of a version 3 block that leads anywhere in the file.
func wildEnd(p []byte, i, _, size int64) {
	putSeparator(p[2:18], i)
	putHex(p[18:34], mix(i)%uint64(size))
}

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
		{name: "ends3", start: startV3, unit: fakeEnd, vary: wildEnd},
		{name: "pairs3", start: startV3, body: 4, unit: fakeV3 + "body" + fakeEnd[:len(fakeEnd)-4] + "5a\n\n", vary: func(p []byte, i, page, size int64) {
			putSeparator(p[2:18], i)
			wildEnd(p[len(fakeV3)+len("body"):], i, page, size)
		}},
		{name: "lines3", start: startV3, unit: fakeLine, vary: func(p []byte, i, page, size int64) {
			wildEnd(p[1:], i, page, size)
		}},
		// The same in the body of a message.
		{name: "blocksInBody", start: startV2 + fakeV2 + "body", unit: "\n\x01\x03\nR5\n\n"},
		{name: "endlessInBody", start: startV2 + fakeV2 + "body", unit: "\n\x01\x03\n" + xs('x', 60) + "\nR5\nG6"},
		{name: "lines3InBody", start: startV3 + fakeV3 + "body", unit: fakeLine, vary: func(p []byte, i, page, size int64) {
			wildEnd(p[1:], i, page, size)
		}},
		{name: "ends3InBody", start: startV3 + fakeV3 + "body", unit: fakeEnd, vary: wildEnd},
	}
}
