package mailfmt

import (
	"errors"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/dboxfmt"
)

var errExternal = errors.New("attachments are kept in files of their own, which are not read here")

// PlainText opens the text of a message: its body, decompressed if it is
// compressed (gzip, zlib, bzip2 or zstd). A message without its attachments is an
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

// CheckPlain reads a compressed message once and compares its size, so that
// nothing is found out half-way. An ErrCompression says nothing against it.
func CheckPlain(src dboxfmt.Source, m *dboxfmt.Message) error {
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
