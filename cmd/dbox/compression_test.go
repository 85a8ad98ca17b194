package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt"
)

const compressedText = "Subject: x\n\nbody\n"

// writeCompressed writes a message file with a body that stands for a text of a
// size.
func writeCompressed(t *testing.T, path string, body []byte, size int) {
	t.Helper()
	var file bytes.Buffer
	w, err := dboxfmt.NewWriter(&file, dboxfmt.NewFileHeader(2, time.Unix(1, 0)), dboxfmt.WriterOptions{})
	require.NoError(t, err)
	m, err := w.Create(int64(len(body)))
	require.NoError(t, err)
	_, err = m.Write(body)
	require.NoError(t, err)
	_, err = m.Finish(dboxfmt.Metadata{{Key: 'Z', Value: fmt.Sprintf("%x", size)}, {Key: 'G', Value: strings.Repeat("a", 32)}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
}

func compressed(t *testing.T, method string) []byte {
	var out bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	}
	switch method {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zlib":
		w = zlib.NewWriter(&out)
	case "zstd":
		z, err := zstd.NewWriter(&out)
		require.NoError(t, err)
		w = z
	}
	_, err := w.Write([]byte(compressedText))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// verify says of every compressed body whether it has looked at the text, and dump
// that it has not.
func TestCompressedBodies(t *testing.T) {
	for name, c := range map[string]struct {
		body    []byte
		size    int
		dump    string
		verdict string // "" good, else what verify says
		code    int
	}{
		"gzip":     {compressed(t, "gzip"), 17, "gzip", "", exitOK},
		"zlib":     {compressed(t, "zlib"), 17, "zlib", "", exitOK},
		"zstd":     {compressed(t, "zstd"), 17, "zstd", "", exitOK},
		"lz4":      {[]byte("Dovecot-LZ4\x0d\x2a\x9b\xc5\x00\x01\x00\x00rest"), 17, "lz4", "compressed with lz4: it is not read here: its text was not checked", exitOK},
		"xz":       {[]byte("\xfd7zXZ\x00rest"), 17, "xz", "compressed with xz", exitOK},
		"unknown":  {[]byte("????"), 17, "an unknown method", "its text was not checked", exitOK},
		"cut off":  {compressed(t, "zstd")[:20], 17, "zstd", "cannot be read", exitProblems},
		"too long": {compressed(t, "zstd"), 16, "zstd", "has 17 bytes, Z says 16", exitProblems},
		"no zstd":  {[]byte("\x28\xb5\x2f\xfd garbage"), 17, "zstd", "cannot be read", exitProblems},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "u.1")
			writeCompressed(t, path, c.body, c.size)
			require.Contains(t, ok(t, "dump", path), "msg.compression = "+c.dump+" (the text was not looked at)\n")
			require.Contains(t, ok(t, "dump", "--json", path), `"compression":"`+c.dump+`"`)
			o := dbox(t, "verify", path)
			require.Equal(t, c.code, o.code, "%+v", o)
			if c.verdict == "" {
				require.Contains(t, o.stderr, "1 good message, 0 problems")
				require.NotContains(t, o.stderr, "NOT CHECKED")
				require.Equal(t, compressedText, ok(t, "cat", "--plain", path))
				return
			}
			require.Contains(t, o.stdout+o.stderr, c.verdict)
			require.Contains(t, o.stderr, "0 good messages")
			require.Equal(t, c.code == exitOK, strings.Contains(o.stderr, "1 compressed message NOT CHECKED"))
			require.NotContains(t, dbox(t, "verify", "--json", path).stdout, `"messages":1`)
			if name != "too long" { // cat believes what comes out
				require.NotEqual(t, exitOK, dbox(t, "cat", "--plain", path).code)
			}
		})
	}
}
