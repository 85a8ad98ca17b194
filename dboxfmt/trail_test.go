package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"slices"
	"strings"
)

// trail is a file with the place each byte had at first, -1 for bytes that came
// later.
type trail struct {
	data   []byte
	origin []int
}

func newTrail(data []byte) *trail {
	tr := &trail{data: bytes.Clone(data)}
	for i := range data {
		tr.origin = append(tr.origin, i)
	}
	return tr
}

func (tr *trail) splice(from, to int, p []byte, origin []int) {
	if origin == nil {
		for range p {
			origin = append(origin, -1)
		}
	}
	tr.data = slices.Concat(tr.data[:from], p, tr.data[to:])
	tr.origin = slices.Concat(tr.origin[:from], origin, tr.origin[to:])
}

// harm damages the file in a random way.
func (tr *trail) harm(rng *rand.Rand) string {
	n := len(tr.data)
	if n == 0 {
		return "nothing"
	}
	at := rng.Intn(n)
	size := min(n-at, 1+rng.Intn([]int{1, 4, 40, 300, 2000}[rng.Intn(5)]))
	switch rng.Intn(8) {
	case 0, 1:
		bit := byte(1) << rng.Intn(8)
		tr.splice(at, at+1, []byte{tr.data[at] ^ bit}, nil)
		return fmt.Sprintf("flip %d %02x", at, bit)
	case 2:
		tr.splice(at, n, nil, nil)
		return fmt.Sprintf("cut at %d", at)
	case 3:
		tr.splice(at, at+size, nil, nil)
		return fmt.Sprintf("take %d+%d", at, size)
	case 4:
		p := make([]byte, size)
		if rng.Intn(2) == 0 {
			rng.Read(p)
		}
		tr.splice(at, at, p, nil)
		return fmt.Sprintf("insert %d+%d", at, size)
	case 5:
		tr.splice(at, at+size, make([]byte, size), nil)
		return fmt.Sprintf("zero %d+%d", at, size)
	case 6:
		to := rng.Intn(n - size + 1)
		p, origin := bytes.Clone(tr.data[at:at+size]), slices.Clone(tr.origin[at:at+size])
		tr.splice(at, at+size, nil, nil)
		tr.splice(to, to, p, origin)
		return fmt.Sprintf("move %d+%d to %d", at, size, to)
	}
	tr.splice(at, at+1, []byte{"\x00\x01\x02\x03\nL Z9"[rng.Intn(9)]}, nil)
	return fmt.Sprintf("set %d", at)
}

// untouched says where the bytes from a to b are now, if all are there and
// nothing is between them; else -1.
func (tr *trail) untouched(a, b int64) int {
	at := slices.Index(tr.origin, int(a))
	if at < 0 || len(tr.origin)-at < int(b-a) {
		return -1
	}
	for i := range int(b - a) {
		if tr.origin[at+i] != int(a)+i {
			return -1
		}
	}
	return at
}

const gzipMagic = "\x1f\x8b"

// nastyBody is a body made of what a scanner could trip over.
func nastyBody(rng *rand.Rand, depth int) string {
	var b strings.Builder
	if rng.Intn(8) == 0 {
		p := make([]byte, rng.Intn(500))
		rng.Read(p)
		return gzipMagic + string(p)
	}
	for range rng.Intn(6) {
		switch rng.Intn(12) {
		case 0:
			fmt.Fprintf(&b, "\x01\x02N          %016X\n", rng.Intn(400))
		case 1:
			b.WriteString("\n\x01\x03\nR5\nV10\nGdeadbeef\n\n")
		case 2:
			fmt.Fprintf(&b, "\x01\x02%016d\n", rng.Int63n(1e15))
		case 3:
			fmt.Fprintf(&b, "\x01\x03%016d%016x\nR5\nL0000002f\n\n", rng.Int63n(1e15), rng.Intn(400))
		case 4:
			b.WriteString("\n\x01Zzz\n\x01\x02")
		case 5:
			b.WriteString(xs(0, rng.Intn(60)))
		case 6:
			if depth < 2 {
				b.Write(randomFile(rng, 1+rng.Intn(3), depth+1))
			}
		case 7:
			fmt.Fprintf(&b, "2 M1e C%x\n", rng.Int31())
		case 8:
			b.WriteString("\n\n")
		default:
			fmt.Fprintf(&b, "Subject: message %d\r\nTo: nobody\n\nline\n", rng.Intn(100))
		}
	}
	return b.String()
}

// randomFile is a file of any version with up to six messages.
func randomFile(rng *rand.Rand, version, depth int) []byte {
	var bodies []string
	for range 1 + rng.Intn(6) {
		bodies = append(bodies, nastyBody(rng, depth))
	}
	if version > 1 {
		return fileWith(rng, version, bodies)
	}
	out := []byte("1 A000003da M1e C5f3c2a10\n")
	for i, body := range bodies {
		out = fmt.Appendf(out, "\x01\x02N %08x %016x\n%s\n\x01\x03\nR5f\nV%x\nG%032x\nE%d\nF00010\n%64s\n",
			i+1, len(body), body, virtualOf(body), rng.Int63(), rng.Intn(2), "")
	}
	return out
}

func virtualOf(body string) int64 {
	var v virtualSize
	v.add([]byte(body))
	return v.total
}

func fileWith(rng *rand.Rand, version int, bodies []string) []byte {
	var out bytes.Buffer
	w, _ := NewWriter(&out, FileHeader{Version: version, MessageHeaderSize: 30 - 11*(version-2), Created: created,
		Words: []string{fmt.Sprintf("M%x", 30-11*(version-2)), "C5f3c2a10"}}, WriterOptions{Random: rng})
	for i, body := range bodies {
		m, _ := w.Create(int64(len(body)))
		io.WriteString(m, body)
		meta := Metadata{{'R', fmt.Sprintf("%x", created+i)}, {'G', fmt.Sprintf("%032x", rng.Int63())}, {'B', "INBOX"}, {'y', "unknown"}}
		if strings.HasPrefix(body, gzipMagic) {
			meta.Set('Z', "1000")
		}
		if _, err := m.Finish(meta); err != nil {
			panic(err)
		}
	}
	return out.Bytes()
}
