package mailstore

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestCopyText(t *testing.T) {
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
		require.NoError(t, copyText(context.Background(), &whole, strings.NewReader(in), false))
		require.NoError(t, copyText(context.Background(), &single, iotest.OneByteReader(iotest.DataErrReader(strings.NewReader(in))), false))
		require.Equal(t, want, whole.String(), "%q", in)
		require.Equal(t, want, single.String(), "%q, byte by byte", in)
		whole.Reset()
		require.NoError(t, copyText(context.Background(), &whole, strings.NewReader(in), true))
		require.Equal(t, in, whole.String())
	}
}

func TestCopyTextAcrossBuffers(t *testing.T) {
	in := strings.Repeat("x", 32<<10-1) + "\r\n" + strings.Repeat("y\r\n", 40<<10)
	var out bytes.Buffer
	require.NoError(t, copyText(context.Background(), &out, strings.NewReader(in), false))
	require.Equal(t, strings.ReplaceAll(in, "\r\n", "\n"), out.String())
}

func TestCopyTextStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, copyText(ctx, &bytes.Buffer{}, strings.NewReader("x"), false), context.Canceled)
}
