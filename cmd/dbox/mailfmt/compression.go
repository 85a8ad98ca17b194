package mailfmt

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/ringbox/ringbox/dboxfmt"
)

// ErrCompression: a body is compressed in a way that is not read here.
var ErrCompression = errors.New("it is not read here")

// compression is a way in which Dovecot compresses bodies, or may find them.
type compression struct {
	name  string
	magic string // what such a body begins with
	open  func(io.Reader) (io.Reader, error)
}

var compressions = []compression{
	{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"bzip2", "BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
	{"lz4", "Dovecot-LZ4\x0d\x2a\x9b\xc5", unread("lz4")},
	{"xz", "\xfd7zXZ\x00", unread("xz")},
	{"zlib", "\x78", func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
}

const longestMagic = 15

// unread refuses to read.
func unread(name string) func(io.Reader) (io.Reader, error) {
	return func(io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("the body is compressed with %s: %w", name, ErrCompression)
	}
}

// maxWindow bounds the memory that a zstd body can ask for, in bytes. No level
// takes more.
const maxWindow = 128 << 20

func openZstd(r io.Reader) (io.Reader, error) {
	// With one at a time no goroutines are left behind.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
}

// compressionOf tells it from how a body begins.
func compressionOf(start []byte) compression {
	for _, c := range compressions {
		if strings.HasPrefix(string(start), c.magic) {
			return c
		}
	}
	return compression{"an unknown method", "", unread("an unknown method")}
}

// decompress opens what a compressed body is when it is not compressed.
func decompress(body io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(body, 32<<10)
	start, err := buffered.Peek(longestMagic)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return compressionOf(start).open(buffered)
}

// Compression returns how the body of a message is compressed, "" if it is not.
// With attachments in files of their own that cannot be told.
func Compression(src dboxfmt.Source, m *dboxfmt.Message) string {
	size, err := m.PlainSize()
	if _, parts := m.Metadata.Get('X'); parts || err != nil || size == m.BodySize {
		return ""
	}
	start := make([]byte, longestMagic)
	n, err := io.ReadFull(src.Body(m, false), start)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return ""
	}
	return compressionOf(start[:n]).name
}
