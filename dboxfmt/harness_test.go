package dboxfmt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// found is what a reader says about one message.
type found struct {
	Message
	body string
}

// readForward reads a whole stream and repeats every call that errTemporary
// interrupts. It returns the complete messages and the error that ended it.
func readForward(r io.Reader, opts DecoderOptions) (FileHeader, []found, error) {
	d := NewDecoder(r, opts)
	h, err := d.Header()
	for err == errTemporary {
		h, err = d.Header()
	}
	var all []found
	for err == nil {
		var m *Message
		if m, err = d.Next(); err != nil {
			if err == errTemporary {
				err = nil
				continue
			}
			break
		}
		var body []byte
		if body, err = readBody(d); err == nil {
			all = append(all, found{*m, string(body)})
		}
	}
	if err == io.EOF {
		err = nil
	}
	return h, all, err
}

// readBody is io.ReadAll for readers that say errTemporary.
func readBody(r io.Reader) ([]byte, error) {
	var body []byte
	p := make([]byte, 700)
	for {
		n, err := r.Read(p)
		body = append(body, p[:n]...)
		switch err {
		case nil, errTemporary:
		case io.EOF:
			return body, nil
		default:
			return body, err
		}
	}
}

var errTemporary = errors.New("nothing there yet")

// trickle hands out pieces of random size and says errTemporary in between,
// with or without bytes.
type trickle struct {
	data []byte
	max  int
	rng  *rand.Rand
}

func (t *trickle) Read(p []byte) (int, error) {
	if t.rng.Intn(3) == 0 {
		return 0, errTemporary
	}
	if len(t.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.data[:min(len(t.data), 1+t.rng.Intn(t.max))])
	t.data = t.data[n:]
	switch {
	case t.rng.Intn(4) == 0:
		return n, errTemporary
	case len(t.data) == 0 && t.rng.Intn(2) == 0:
		return n, io.EOF
	}
	return n, nil
}

func source(data []byte) Source {
	return Source{Name: "x", R: bytes.NewReader(data), Size: int64(len(data))}
}

func (f found) extent() Extent {
	return Extent{Offset: f.Offset, Length: f.Length, BodySize: f.BodySize}
}

// sameMessages compares what forward reading has found with reading by offset.
func sameMessages(t *testing.T, data []byte, h FileHeader, all []found) {
	t.Helper()
	for _, want := range all {
		m, err := source(data).Record(h, want.extent())
		require.NoError(t, err)
		require.Equal(t, want.Message, *m)
		body, err := io.ReadAll(source(data).Body(m, true))
		require.NoError(t, err)
		require.Equal(t, want.body, string(body))
	}
}

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// seeded returns a random source and prints its seed. It is the same one each
// time unless DBOXFMT_SEED is another number, or "random".
func seeded(t testing.TB) *rand.Rand {
	seed := int64(20101126)
	switch text := os.Getenv("DBOXFMT_SEED"); text {
	case "":
	case "random":
		seed = time.Now().UnixNano()
	default:
		var err error
		seed, err = strconv.ParseInt(text, 10, 64)
		require.NoError(t, err, "DBOXFMT_SEED")
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}

const created = 0x5f3c2a10

// fileOf writes a file of the given version with one message per body.
func fileOf(t testing.TB, version int, bodies ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, NewFileHeader(version, time.Unix(created, 0)), WriterOptions{})
	require.NoError(t, err)
	for i, body := range bodies {
		size := int64(UnknownSize)
		if version == 2 {
			size = int64(len(body))
		}
		m, err := w.Create(size)
		require.NoError(t, err)
		_, err = io.WriteString(m, body)
		require.NoError(t, err)
		var meta Metadata
		meta.Set('R', fmt.Sprintf("%x", created+i))
		meta.Set('G', fmt.Sprintf("%032x", i+1))
		_, err = m.Finish(meta)
		require.NoError(t, err)
	}
	return out.Bytes()
}

// fixedSeparator is a random source that makes that separator every time.
func fixedSeparator(t testing.TB, separator string) io.Reader {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(separator)
	require.NoError(t, err)
	return &repeat{raw: raw}
}

type repeat struct {
	raw []byte
	at  int
}

func (r *repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.raw[r.at%len(r.raw)]
		r.at++
	}
	return len(p), nil
}
