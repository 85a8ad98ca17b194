package mailfmt

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/dboxfmt"
)

var (
	errExternal    = errors.New("attachments are kept in files of their own, which are not read here")
	errCompression = errors.New("the body is compressed in a way that is not known here")
)

// PlainText opens the text of a message: its body, decompressed if it is
// compressed (gzip, zlib or bzip2). A message without its attachments is an
// error.
func PlainText(src dboxfmt.Source, m *dboxfmt.Message) (io.Reader, error) {
	body := src.Body(m, false)
	if _, ok := m.Metadata.Get('X'); ok {
		return nil, errExternal
	}
	if _, ok := m.Metadata.Get('Z'); !ok {
		return body, nil
	}
	return decompress(body)
}

// decompress opens what a compressed body is when it is not compressed.
func decompress(body io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(body, 32<<10)
	magic, err := buffered.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(buffered)
	case bytes.HasPrefix(magic, []byte("BZh")):
		return bzip2.NewReader(buffered), nil
	case bytes.HasPrefix(magic, []byte{0x78}):
		return zlib.NewReader(buffered)
	}
	return nil, errCompression
}

// checkPlain reads a compressed message once and compares its size, so that
// nothing is found out half-way.
func checkPlain(src dboxfmt.Source, m *dboxfmt.Message) error {
	text, err := PlainText(src, m)
	if err != nil {
		return err
	}
	want, err := m.PlainSize()
	if err != nil || want == m.BodySize {
		return err
	}
	got, err := io.Copy(io.Discard, text)
	switch {
	case err != nil:
		return fmt.Errorf("the compressed body cannot be read: %w", err)
	case got != want:
		return fmt.Errorf("the compressed body has %d bytes, Z says %d", got, want)
	}
	return nil
}
