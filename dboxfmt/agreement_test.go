package dboxfmt

import (
	"bytes"
	"errors"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// samples are valid files of all versions, single-dbox ones and others.
func samples(t testing.TB) map[string][]byte {
	hostile := "x\x01\x02\n\x01\x03\n\x01\x03Zq3-vT0aB_9xKc7L0000000000000004\nL0000002e\nx\x01"
	return map[string][]byte{
		"v1":            testFile(t, "v1.m.1"),
		"space end":     testFile(t, "space-end.m.1"),
		"example":       testFile(t, "example-v3.dbox"),
		"v2 single":     testFile(t, "sdbox-attach/u.1"),
		"v2 multi":      testFile(t, "mdbox-small/m.1"),
		"v2 compressed": testFile(t, "mdbox-zlib/m.1"),
		"v2 long":       fileOf(t, 2, xs('\n', 900)),
		"v2 hostile":    fileOf(t, 2, hostile, "", hostile),
		"v3 empty":      fileOf(t, 3, ""),
		"v3 long":       fileOf(t, 3, xs('\x01', 900)),
		"v3 multi":      fileOf(t, 3, "one\n", "", hostile, string(fileOf(t, 3, "nested"))[:90]),
	}
}

// readers are the three ways to read a file; each gives the messages and bodies
// of a file, or an error.
type reading struct {
	messages []found
	err      error
}

func forward(data []byte, single bool) reading {
	_, all, err := readForward(bytes.NewReader(data), DecoderOptions{Single: single, Verify: true})
	return reading{all, err}
}

func fromEnd(data []byte) reading {
	_, m, err := source(data).Single()
	if err != nil {
		return reading{nil, err}
	}
	return withBodies(data, m)
}

// byOffset reads what the index of the undamaged file says, and that nothing
// follows it.
func byOffset(data []byte, index []Extent) reading {
	src := source(data)
	h, err := src.Header()
	if err != nil {
		return reading{nil, err}
	}
	var all []*Message
	for _, e := range index {
		m, err := src.Record(h, e)
		if err != nil {
			return reading{nil, err}
		}
		all = append(all, m)
	}
	if last := all[len(all)-1]; all[0].Offset != h.Size() || last.End() != src.Size {
		return reading{nil, ErrSize}
	}
	return withBodies(data, all...)
}

func withBodies(data []byte, all ...*Message) (r reading) {
	for _, m := range all {
		body, err := readBody(source(data).Body(m, true))
		if err != nil {
			return reading{nil, err}
		}
		r.messages = append(r.messages, found{*m, string(body)})
	}
	return r
}

func (r reading) class() string {
	switch {
	case r.err == nil:
		return "good"
	case errors.Is(r.err, ErrTruncated):
		return "torn"
	case errors.Is(r.err, ErrCorrupt):
		return "corrupt"
	}
	return "other: " + r.err.Error()
}

func TestAllWaysAgreeOnValidFiles(t *testing.T) {
	for name, data := range samples(t) {
		all := forward(data, false)
		require.NoError(t, all.err, name)
		require.Equal(t, all, byOffset(data, extents(all.messages)), name)
		if len(all.messages) == 1 {
			require.Equal(t, all, forward(data, true), name)
			require.Equal(t, all, fromEnd(data), name)
			continue
		}
		require.ErrorIs(t, forward(data, true).err, ErrTrailing, name)
		require.ErrorIs(t, fromEnd(data).err, ErrTrailing, name)
	}
}

func extents(all []found) (index []Extent) {
	for _, f := range all {
		index = append(index, f.extent())
	}
	return index
}

// TestPrefixes: a file cut anywhere is torn, except between two messages, where
// it is a shorter file. It is never called corrupt.
func TestPrefixes(t *testing.T) {
	for name, data := range samples(t) {
		whole := forward(data, false).messages
		ends := map[int64]int{}
		for i, f := range whole {
			ends[f.End()] = i + 1
		}
		single := len(whole) == 1
		for n := range data {
			cut := data[:n]
			got := forward(cut, single)
			if complete := ends[int64(n)]; complete > 0 {
				require.Equal(t, reading{whole[:complete], nil}, got, "%s cut at %d", name, n)
			} else {
				require.Equal(t, "torn", got.class(), "%s cut at %d: %v", name, n, got.err)
			}
			require.Equal(t, "torn", byOffset(cut, extents(whole)).class(), "%s cut at %d", name, n)
			if single {
				require.Equal(t, got.err, withName(fromEnd(cut).err), "%s cut at %d", name, n)
			}
		}
	}
}

// TestEndOfAnotherBlock: when the file ends as a metadata block does, but of no
// message that is open, it is called corrupt. It may be a cut through a body
// that contains such bytes; but if it is not, nobody must cut off more.
func TestEndOfAnotherBlock(t *testing.T) {
	data := fileOf(t, 3, "one", "two")
	at := bytes.Index(data, []byte("\x01\x03"))
	for i := at; i < at+18; i++ {
		bad := bytes.Clone(data)
		bad[i] ^= 0x40
		require.Equal(t, "corrupt", forward(bad, false).class(), "byte %d", i)
	}
}

// withName takes away the file name that source gives.
func withName(err error) error {
	var f *FormatError
	if errors.As(err, &f) {
		anonymous := *f
		anonymous.File = ""
		return &anonymous
	}
	return err
}

// TestEveryByteDamaged changes each byte in several ways. Whatever a change
// does, the ways to read must come to the same result, and no error may be one
// of I/O.
func TestEveryByteDamaged(t *testing.T) {
	for name, data := range samples(t) {
		whole := forward(data, false).messages
		index := extents(whole)
		for i := range data {
			for _, b := range []byte{data[i] ^ 0x80, data[i] ^ 0x01, data[i] ^ 0x20, 0, '\n', ' '} {
				if b == data[i] {
					continue
				}
				bad := bytes.Clone(data)
				bad[i] = b
				sameVerdict(t, bad, index, name, i, b)
			}
		}
	}
}

// TestShiftedBytes removes and inserts bytes.
func TestShiftedBytes(t *testing.T) {
	for name, data := range samples(t) {
		index := extents(forward(data, false).messages)
		for i := range data {
			removed := append(bytes.Clone(data[:i]), data[i+1:]...)
			sameVerdict(t, removed, index, name, i, "removed")
			for _, b := range []byte{0, '\n', '0', 1} {
				added := append(append(bytes.Clone(data[:i]), b), data[i:]...)
				sameVerdict(t, added, index, name, i, b, "added")
			}
		}
	}
}

func sameVerdict(t *testing.T, data []byte, index []Extent, about ...any) {
	t.Helper()
	multi := forward(data, false)
	require.NotContains(t, multi.class(), "other", about...)
	offset := byOffset(data, index)
	require.NotContains(t, offset.class(), "other", about...)
	if offset.err == nil {
		require.Equal(t, multi, offset, about...)
	} else if multi.err == nil {
		// Whole again in another way: then not with the sizes of the index.
		require.NotEqual(t, index, extents(multi.messages), about...)
	}
	if len(index) > 1 {
		return
	}
	single, end := forward(data, true), fromEnd(data)
	require.Equal(t, single.messages, end.messages, about...)
	require.Equal(t, single.class(), end.class(), about...)
	require.Equal(t, single.err, withName(end.err), about...)
}

// TestPieces: pieces of any size and temporary errors change nothing.
func TestPieces(t *testing.T) {
	rng := seeded(t)
	for name, data := range samples(t) {
		want := forward(data, false)
		for _, size := range []int{1, 2, 7, 64, 100000} {
			r := &trickle{data: data, max: size, rng: rng}
			_, all, err := readForward(r, DecoderOptions{Verify: true})
			require.NoError(t, err, "%s in pieces of %d", name, size)
			require.Equal(t, want.messages, all, "%s in pieces of %d", name, size)
			for range 5 {
				n := rng.Intn(len(data))
				want := forward(data[:n], false)
				_, all, err := readForward(&trickle{data: data[:n], max: size, rng: rng}, DecoderOptions{Verify: true})
				require.Equal(t, want, reading{all, err}, "%s cut at %d", name, n)
			}
		}
	}
}

// TestSkipping: Next passes over bodies, also in pieces with temporary errors.
func TestSkipping(t *testing.T) {
	for name, data := range samples(t) {
		want := forward(data, false).messages
		d := NewDecoder(&trickle{data: data, max: 50, rng: rand.New(rand.NewSource(1))}, DecoderOptions{Verify: true})
		var got []*Message
		for {
			m, err := d.Next()
			if err == errTemporary {
				continue
			}
			if err != nil {
				require.Equal(t, "EOF", err.Error(), name)
				break
			}
			got = append(got, m)
		}
		require.Len(t, got, len(want), name)
		for i := range got {
			require.Equal(t, want[i].Message, *got[i])
		}
	}
}
