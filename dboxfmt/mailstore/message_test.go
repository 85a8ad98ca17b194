package mailstore

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestCopyLF(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"a\r\nb\r\n":       "a\nb\n",
		"a\nb":             "a\nb",
		"lone\rcr":         "lone\rcr",
		"two\r\r\n":        "two\r\n",
		"end\r":            "end\r",
		"\r\n":             "\n",
		"\r\n\r\n\r\n":     "\n\n\n",
		"nul\x00\r\n\x00":  "nul\x00\n\x00",
		"\r\r\r":           "\r\r\r",
		"x\n\r\ny\r\nz\rq": "x\n\ny\nz\rq",
	} {
		var whole, single bytes.Buffer
		require.NoError(t, copyLF(context.Background(), &whole, strings.NewReader(in)))
		require.NoError(t, copyLF(context.Background(), &single, iotest.OneByteReader(iotest.DataErrReader(strings.NewReader(in)))))
		require.Equal(t, want, whole.String(), "%q", in)
		require.Equal(t, want, single.String(), "%q, byte by byte", in)
	}
}

func TestCopyLFAcrossBuffers(t *testing.T) {
	in := strings.Repeat("x", 32<<10-1) + "\r\n" + strings.Repeat("y\r\n", 40<<10)
	var out bytes.Buffer
	require.NoError(t, copyLF(context.Background(), &out, strings.NewReader(in)))
	require.Equal(t, strings.ReplaceAll(in, "\r\n", "\n"), out.String())
}

func TestCopyLFStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, copyLF(ctx, &bytes.Buffer{}, strings.NewReader("x")), context.Canceled)
}
