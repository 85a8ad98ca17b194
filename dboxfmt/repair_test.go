package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oneRange returns the range at an offset of the damaged file.
func oneRange(t *testing.T, report *RepairReport, offset int64) RepairedRange {
	t.Helper()
	for _, r := range report.Ranges {
		if r.Offset == offset {
			return r
		}
	}
	t.Fatalf("no range at %d:\n%s", offset, listing(report))
	return RepairedRange{}
}

// TestUndamaged: a file without damage, of any version, is not touched.
func TestUndamaged(t *testing.T) {
	for _, data := range [][]byte{
		fileOf(t, 2, mail(1), "", mail(2)), fileOf(t, 3, mail(1), "", mail(2)), version1Mails(t),
		testFile(t, "space-end.m.1"), testFile(t, "example-v3.dbox"), testFile(t, "mdbox-zlib/m.1"), testFile(t, "mdbox-attach/m.1"),
		[]byte("2 M1e C5f3c2a10\n"),
	} {
		out, report := repaired(t, data, RepairOptions{})
		require.False(t, report.Changed, listing(report))
		require.Equal(t, data, out)
		require.Equal(t, report.Messages, report.Kept)
	}
}

// TestImitations: a body may contain anything, whole files included.
func TestImitations(t *testing.T) {
	inner := string(fileOf(t, 2, mail(4), mail(5))) + string(fileOf(t, 3, mail(4), mail(5))) + string(version1Mails(t))
	for _, version := range []int{2, 3} {
		data := fileOf(t, version, mail(1), inner, mail(3))
		_, report := repaired(t, data, RepairOptions{})
		require.False(t, report.Changed)
		_, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
		require.NoError(t, err)
		// Whatever else is damaged in it, its boundaries hold it together.
		block := data[all[1].BodyOffset+all[1].BodySize:]
		block[bytes.Index(block, []byte("\nG0000"))+1] = 'g'
		out, report := repaired(t, data, RepairOptions{NewGUID: func() string { return "new" }})
		require.Equal(t, []string{mail(1), inner, mail(3)}, allBodies(out), listing(report))
		require.Equal(t, "new GUID", strings.TrimSuffix(oneRange(t, report, all[1].Offset).Note, ", H renewed"))
	}
}

// TestSizeLeadsToAnotherBlock: a wrong size that happens to lead to the block of
// a later message does not swallow the messages before it.
func TestSizeLeadsToAnotherBlock(t *testing.T) {
	data := healthy(t)
	for _, block := range []int{664, 428} { // of mails 3 and 2
		bad := changed(data, 16+sizeAt, fmt.Sprintf("%016X", block-46))
		out, report := repaired(t, bad, RepairOptions{})
		require.Equal(t, []string{mail(1), mail(2), mail(3)}, allBodies(out), listing(report))
	}
}

// TestHeaderInTruncatedBody: a header where a message was cut short is no better
// than one anywhere in a body, though a range ends there.
func TestHeaderInTruncatedBody(t *testing.T) {
	whole := fileOf(t, 2, mail(1), mail(2))
	_, all, err := readForward(bytes.NewReader(whole), DecoderOptions{})
	require.NoError(t, err)
	between := "more\n" + xs('z', 60) + string(whole[all[0].Offset:all[0].End()]) + xs('x', headerSizeV2) + mail(2)
	data := "2 M1e C5f3c2a10\n\x01\x02N          0000000000000002\nhi\n" +
		fmt.Sprintf("\x01\x02N          %016X\n", len(between)) + between + string(whole[all[1].BodyOffset+all[1].BodySize:])
	out, report := repaired(t, []byte(data), RepairOptions{})
	require.Contains(t, allBodies(out), mail(1), listing(report))
}

// TestFileHeaderLost: version, header size and time come from what is left.
func TestFileHeaderLost(t *testing.T) {
	long := fileWithSeparators(t, 40)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"wrong version digit", changed(fileOf(t, 2, mail(1), mail(2)), 0, "3"), "2 M1e C5f3c2a10\n"},
		{"wrong M", changed(fileOf(t, 2, mail(1), mail(2)), 3, "1f"), "2 M1e C5f3c2a10\n"},
		{"version 3, wrong digit", changed(fileOf(t, 3, mail(1), mail(2)), 0, "2"), "3 M13 C5f3c2a10\n"},
		{"version 3, line gone", fileOf(t, 3, mail(1), mail(2))[16:], "3 M13 C63b0cd00\n"},
		{"long separators, line gone", long[16:], "3 M28 C63b0cd00\n"},
		{"long separators, zeroed", changed(long, 0, xs(0, 16)), "3 M28 C63b0cd00\n"},
		{"zeroed", changed(fileOf(t, 2, mail(1), mail(2)), 0, xs(0, 15)), "2 M1e C63b0cd00\n"},
		{"LF lost", changed(fileOf(t, 2, mail(1), mail(2)), 15, "x"), "2 M1e C63b0cd00\n"},
		{"LF is a space", changed(fileOf(t, 2, mail(1), mail(2)), 15, " "), "2 M1e C5f3c2a10\n"},
		{"version 1", changed(version1Mails(t), 0, "X"), "2 M1e C6b048274\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, report := repaired(t, c.data, RepairOptions{Created: time.Unix(0x63b0cd00, 0)})
			line, _, _ := strings.Cut(string(out), "\n")
			require.Equal(t, c.want, line+"\n", listing(report))
			require.Subset(t, allBodies(out), []string{mail(1), mail(2)})
		})
	}
}

// fileWithSeparators is a version 3 file with message headers of m bytes.
func fileWithSeparators(t *testing.T, m int) []byte {
	var out bytes.Buffer
	h := FileHeader{Version: 3, MessageHeaderSize: m, Created: created, Words: []string{fmt.Sprintf("M%x", m), "C5f3c2a10"}}
	w, err := NewWriter(&out, h, WriterOptions{})
	require.NoError(t, err)
	for n := 1; n <= 2; n++ {
		message, err := w.Create(UnknownSize)
		require.NoError(t, err)
		_, err = io.WriteString(message, mail(n))
		require.NoError(t, err)
		_, err = message.Finish(Metadata{{'G', fmt.Sprint(n)}})
		require.NoError(t, err)
	}
	return out.Bytes()
}

// TestRepairVersion1: a damaged file becomes version 2; items, expunged marks
// among them, stay.
func TestRepairVersion1(t *testing.T) {
	data := changed(version1Mails(t), 346, "\x81")
	data = bytes.Replace(data, []byte("E0\n"), []byte("E1\n"), 1)
	out, report := repaired(t, data, RepairOptions{})
	h, all, err := readForward(bytes.NewReader(out), DecoderOptions{})
	require.NoError(t, err)
	require.Equal(t, FileHeader{Version: 2, MessageHeaderSize: 30, Created: 0x6b048274, Words: []string{"M1e", "C6b048274"}}, h)
	expunged, err := all[0].Metadata.Expunged()
	require.NoError(t, err)
	require.True(t, expunged)
	_, was, err := readForward(bytes.NewReader(version1Mails(t)), DecoderOptions{})
	require.NoError(t, err)
	require.Equal(t, was[2].Metadata, all[2].Metadata)
	require.Equal(t, 3, report.Rebuilt)
	require.Equal(t, "a version 1 message, written as version 2", oneRange(t, report, 26).Note)
}

// TestRepairChecksum: a body that is not the one written is kept, with a new H.
func TestRepairChecksum(t *testing.T) {
	data, all := threeMails(t, 3)
	data[all[1].BodyOffset+3] ^= 4
	_, report := repaired(t, data, RepairOptions{})
	r := oneRange(t, report, all[1].Offset)
	require.Equal(t, Damaged, r.Verdict)
	require.Equal(t, "H renewed", r.Note)
	require.Contains(t, r.Reason, "its metadata says")
}

// TestRepairKeepsUnknownItems: what survived of a block stays, in its order.
func TestRepairKeepsUnknownItems(t *testing.T) {
	meta := Metadata{{'Q', "first"}, {'R', "5f"}, {'q', "unknown"}, {'G', "1"}, {'X', "0 5 - ref"}, {'V', "7b"}, {'Q', "again"}}
	for _, h := range []FileHeader{v2, v3} {
		block := Block{Separator: sep, BodySize: 5, Metadata: meta}
		if h.Version == 3 {
			meta.Set('H', "crc32c:00000000")
			block.Metadata = meta
		}
		line, err := h.Append(nil)
		require.NoError(t, err)
		data := MessageHeader{Size: 5, Separator: sep}.append(line, h)
		data, err = block.Append(append(data, "12345"...), h)
		require.NoError(t, err)
		data[len(line)] = 0x81
		out, report := repaired(t, data, RepairOptions{})
		_, all, err := readForward(bytes.NewReader(out), DecoderOptions{})
		require.NoError(t, err)
		require.Len(t, all, 1, listing(report))
		require.Equal(t, meta.without('H'), all[0].Metadata.without('H').without('L'))
	}
}

// TestRepairSingle: a single-dbox file has one message. What its body imitates
// does not count where its own header is damaged; what is behind it is kept.
func TestRepairSingle(t *testing.T) {
	body := "x\n" + string(fileOf(t, 2, mail(4), mail(5))) + "y\n"
	for _, version := range []int{2, 3} {
		for _, hit := range []int{16, 16 + 18, 16 + 29} {
			data := fileOf(t, version, body)
			if int64(hit) >= 16+int64(headers(byte(version-1)).MessageHeaderSize) {
				continue
			}
			data[hit] ^= 1
			out, report := repaired(t, data, RepairOptions{Single: true})
			require.Equal(t, []string{body}, allBodies(out), "version %d, byte %d\n%s", version, hit, listing(report))
		}
	}
	out, report := repaired(t, append(fileOf(t, 2, mail(1)), "left over"...), RepairOptions{Single: true})
	_, _, err := source(out).Single()
	require.NoError(t, err)
	require.Equal(t, 1, report.Dropped)
	out, report = repaired(t, append(fileOf(t, 2, mail(1), mail(2)), 'x'), RepairOptions{Single: true})
	require.Equal(t, []string{mail(1), mail(2)}, allBodies(out))
	require.Contains(t, report.Ranges[2].Note, "single-dbox")
}

// TestSalvage: what garbage becomes.
func TestSalvage(t *testing.T) {
	junk := strings.Repeat("no mail at all\n", 20)
	for _, c := range []struct {
		garbage, body string // body "": dropped
	}{
		{junk[:255], ""},
		{junk[:256], junk[:256]},
		{xs(0, 300) + junk[:255] + xs(0, 300), ""},
		{xs(0, 300) + junk + xs(0, 300), junk},
		{xs('x', 3000), ""},
		{xs(0, 3000), ""},
		{"Subject: short\nTo: you\n\nhi\n", "Subject: short\nTo: you\n\nhi\n"},
		{"Subject: folded\n more\nTo: you\n", "Subject: folded\n more\nTo: you\n"},
		{"Subject: alone\n", ""},
		{"http://example.org/\n", ""},
	} {
		for _, version := range []int{2, 3} {
			data := append(fileOf(t, version, mail(1)), c.garbage...)
			out, report := repaired(t, data, RepairOptions{})
			want := []string{mail(1)}
			if c.body != "" {
				want = append(want, c.body)
			}
			require.Equal(t, want, allBodies(out), "%.40q\n%s", c.garbage, listing(report))
		}
	}
}

// TestRepairErrors: an error of the reader or writer, whenever it happens, comes
// out, with no report.
func TestRepairErrors(t *testing.T) {
	data := damagedSample(t, "c13-garbage300-lf")
	for n := 0; ; n++ {
		require.Less(t, n, 1000)
		src := source(data)
		src.R = &failing{src.R, n}
		report, err := src.Repair(io.Discard, RepairOptions{})
		if err == nil {
			break
		}
		require.Equal(t, errFailing, err)
		require.Nil(t, report)
	}
	whole, _ := repairOnce(t, data, RepairOptions{})
	for n := range whole {
		_, err := source(data).Repair(&limitedWriter{left: n}, RepairOptions{})
		require.ErrorIs(t, err, errFailing)
	}
}

// limitedWriter takes so many bytes.
type limitedWriter struct{ left int }

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errFailing
	}
	w.left -= len(p)
	return len(p), nil
}

// TestLargeBlock: metadata that no longer fits with what a repair adds loses its
// longest item, not the mail.
func TestLargeBlock(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, v2, WriterOptions{})
	require.NoError(t, err)
	m, err := w.Create(5)
	require.NoError(t, err)
	_, err = io.WriteString(m, "12345")
	require.NoError(t, err)
	_, err = m.Finish(Metadata{{'R', "5"}, {'y', xs('y', maxBlock-20)}})
	require.NoError(t, err)
	fixed, report := repaired(t, out.Bytes(), RepairOptions{NewGUID: func() string { return xs('a', 32) }})
	_, all, err := readForward(bytes.NewReader(fixed), DecoderOptions{})
	require.NoError(t, err)
	require.Equal(t, "12345", all[0].body)
	require.Equal(t, Metadata{{'R', "5"}, {'V', "5"}, {'G', xs('a', 32)}}, all[0].Metadata)
	require.Contains(t, report.Ranges[1].Note, "left out")
}
