package dboxfmt

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// scanAll scans a file and checks that the ranges cover it.
func scanAll(t testing.TB, data []byte, opts ScanOptions) ([]Range, FileHeader) {
	t.Helper()
	c := source(data).Scan(opts)
	var ranges []Range
	at := int64(0)
	for {
		r, err := c.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.Equal(t, at, r.Offset, "gap or overlap")
		require.Positive(t, r.Length)
		require.NotZero(t, r.Verdict)
		good := r.Verdict == Intact || r.Verdict == FileHeaderRange
		require.True(t, r.Reason != "" || good, "%+v has no reason", r)
		require.True(t, r.Reason == "" || r.Verdict != Intact)
		require.Equal(t, r.Verdict == Garbage || r.Verdict == FileHeaderRange, r.Message == nil)
		if m := r.Message; m != nil {
			require.Equal(t, r.Offset, m.Offset)
			require.Equal(t, r.Length, m.Length)
			require.GreaterOrEqual(t, m.BodyOffset, r.Offset)
			require.GreaterOrEqual(t, m.BodySize, int64(0))
			require.LessOrEqual(t, m.BodyOffset+m.BodySize, r.End())
		}
		if n := len(ranges); n > 0 && r.Verdict == Garbage {
			require.NotEqual(t, Garbage, ranges[n-1].Verdict, "garbage in pieces")
		}
		ranges = append(ranges, r)
		at = r.End()
	}
	require.Equal(t, int64(len(data)), at, "not covered to the end")
	return ranges, c.Header()
}

// repaired repairs a file and checks what holds for every repair.
func repaired(t testing.TB, data []byte, opts RepairOptions) ([]byte, *RepairReport) {
	t.Helper()
	scanAll(t, data, ScanOptions{Single: opts.Single, Verify: true})
	out, report := repairOnce(t, data, opts)
	scanOpts := ScanOptions{Single: opts.Single, Verify: true}
	again, _ := scanAll(t, out, scanOpts)
	for _, r := range again {
		require.Contains(t, []Verdict{FileHeaderRange, Intact}, r.Verdict, "%+v after a repair", r)
		require.Empty(t, r.Reason)
	}
	require.Equal(t, report.Messages, len(again)-1)
	_, all, err := readForward(bytes.NewReader(out), DecoderOptions{Verify: true})
	if report.Messages > 0 {
		require.NoError(t, err)
	}
	require.Len(t, all, report.Messages)
	second, twice := repairOnce(t, out, opts)
	require.False(t, twice.Changed)
	require.Equal(t, out, second, "a second repair changes the file")
	if !report.Changed {
		require.Equal(t, data, out)
	}
	checkReport(t, data, out, report)
	return out, report
}

func repairOnce(t testing.TB, data []byte, opts RepairOptions) ([]byte, *RepairReport) {
	t.Helper()
	var out bytes.Buffer
	report, err := source(data).Repair(&out, opts)
	require.NoError(t, err)
	return out.Bytes(), report
}

// checkReport compares the report with both files.
func checkReport(t testing.TB, data, out []byte, report *RepairReport) {
	t.Helper()
	at := int64(0)
	if len(report.Ranges) == 0 || report.Ranges[0].Verdict != FileHeaderRange {
		at = report.Header.Size()
	}
	for _, r := range report.Ranges {
		if r.Action == Dropped {
			require.Zero(t, r.NewLength)
			require.NotEmpty(t, r.Note)
			continue
		}
		require.Equal(t, at, r.NewOffset)
		at += r.NewLength
		was, is := data[r.Offset:r.End()], out[r.NewOffset:at]
		switch {
		case r.Action == Kept:
			require.Equal(t, was, is)
		case r.Message != nil:
			require.Contains(t, string(is), string(data[r.Message.BodyOffset:][:r.Message.BodySize]))
		}
	}
	require.Equal(t, int64(len(out)), at)
}
