package dboxfmt

import (
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMemory: a body of 8 MiB goes through a writer and a decoder without
// being held, also when its size is not known.
func TestMemory(t *testing.T) {
	const size = 8 << 20
	for version, announced := range map[int]int64{2: size, 3: UnknownSize} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, w := io.Pipe()
		go func() { w.CloseWithError(writeBody(w, version, announced, size)) }()
		d := NewDecoder(r, DecoderOptions{Single: true, Verify: true})
		m, err := d.Next()
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, d)
		require.NoError(t, err)
		require.EqualValues(t, size, m.BodySize)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "version %d", version)
	}
}

func writeBody(w io.Writer, version int, announced, size int64) error {
	out, err := NewWriter(w, NewFileHeader(version, time.Unix(created, 0)), WriterOptions{})
	if err != nil {
		return err
	}
	m, err := out.Create(announced)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(m, markers{}, size); err != nil {
		return err
	}
	_, err = m.Finish(nil)
	return err
}

// markers is a body in which every byte could begin the end of it, so that a
// decoder always has to keep some.
type markers struct{}

func (markers) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = blockMagic[0]
	}
	return len(p), nil
}
