package dboxfmt

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScanReadsLinearly counts what a scan reads of hostile files: it may be no
// more than a few times the file, and no more for a larger file.
func TestScanReadsLinearly(t *testing.T) {
	for k, p := range hostile() {
		if k%sampleEvery != 0 {
			continue // the race detector sees one or two
		}
		t.Run(p.name, func(t *testing.T) {
			var perByte [2]float64
			for i, size := range []int64{24 << 20, 36 << 20} {
				f := p.file(size)
				scanWhole(t, f.source())
				perByte[i] = float64(f.read) / float64(size)
				require.Less(t, perByte[i], 8.0, "bytes read for each byte of a file of %d", size)
			}
			require.Less(t, perByte[1], perByte[0]*1.3+0.5, "a larger file costs more for each byte")
		})
	}
}

// TestScanWorksLinearly counts looks instead of time: at lines, marks, blocks
// and pieces of bodies.
func TestScanWorksLinearly(t *testing.T) {
	for k, p := range hostile() {
		if k%sampleEvery != 0 {
			continue // the race detector sees one or two
		}
		t.Run(p.name, func(t *testing.T) {
			var perByte [2]float64
			for i, size := range []int64{24 << 20, 36 << 20} {
				c := p.file(size).source().Scan(ScanOptions{})
				for {
					if _, err := c.Next(); err == io.EOF {
						break
					}
				}
				perByte[i] = float64(c.find.work+c.find.aside.work) / float64(size)
			}
			t.Logf("%.3f and %.3f units for each byte", perByte[0], perByte[1])
			require.Less(t, perByte[1], perByte[0]*1.5+0.2)
			require.Less(t, perByte[1], 20.0)
		})
	}
}

// TestScanMemory: what a scan keeps does not grow with the file.
func TestScanMemory(t *testing.T) {
	for k, p := range hostile() {
		if k%sampleEvery != 0 {
			continue // the race detector sees one or two
		}
		t.Run(p.name, func(t *testing.T) {
			c := p.file(64 << 20).source().Scan(ScanOptions{Verify: true})
			for {
				if _, err := c.Next(); err == io.EOF {
					break
				}
			}
			runtime.GC()
			var mem runtime.MemStats
			runtime.ReadMemStats(&mem)
			require.Less(t, mem.HeapAlloc, uint64(48<<20), "bytes in use")
			runtime.KeepAlive(c)
		})
	}
}

// failing returns errFailing instead of the read at number n, once.
type failing struct {
	io.ReaderAt
	n int
}

var errFailing = errors.New("the disk says no")

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	f.n--
	if f.n == -1 {
		return 0, errFailing
	}
	return f.ReaderAt.ReadAt(p, off)
}

// TestScanErrors: an error of the reader comes out as it is, wherever it
// happens, and after it the scan goes on as if nothing had been.
func TestScanErrors(t *testing.T) {
	for _, c := range damagedCases {
		data := c.bytes(t)
		want, _ := scanAll(t, data, ScanOptions{Single: c.single})
		for n := 0; ; n++ {
			require.Less(t, n, 1000)
			src := source(data)
			f := &failing{src.R, n}
			src.R = f
			got, failed := scanThrough(t, src, c.single)
			require.Equal(t, want, got, "%s, error at read %d", c.name, n)
			if !failed {
				break
			}
		}
	}
}

func scanThrough(t *testing.T, src Source, single bool) (ranges []Range, failed bool) {
	c := src.Scan(ScanOptions{Single: single})
	for {
		r, err := c.Next()
		switch err {
		case nil:
			ranges = append(ranges, r)
		case io.EOF:
			return ranges, failed
		default:
			require.Equal(t, errFailing, err)
			failed = true
		}
	}
}

// TestScanErrorsFar is the same for files that are larger than what is kept in
// memory.
func TestScanErrorsFar(t *testing.T) {
	rng := seeded(t)
	for _, version := range []int{2, 3} {
		data := fileWith(rng, version, []string{largeBody(rng, 100), largeBody(rng, 5<<20), largeBody(rng, 100), largeBody(rng, 3<<20)})
		copy(data[30:], xs('x', 300))
		want, _ := scanAll(t, data, ScanOptions{})
		for n := 0; ; n += sampleEvery {
			require.Less(t, n, 1000)
			src := source(data)
			src.R = &failing{src.R, n}
			got, failed := scanThrough(t, src, false)
			require.Equal(t, want, got, "version %d, error at read %d", version, n)
			if !failed {
				break
			}
		}
	}
}

// TestScanShortFile: a file shorter than the source says is neither damaged nor
// read for ever.
func TestScanShortFile(t *testing.T) {
	src := source(fileOf(t, 2, "one", "two"))
	src.Size += 10
	c := src.Scan(ScanOptions{})
	for {
		if _, err := c.Next(); err != nil {
			require.Equal(t, io.ErrUnexpectedEOF, err)
			return
		}
	}
}
