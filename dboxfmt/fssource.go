package dboxfmt

import (
	"bytes"
	"context"
	"io"

	"github.com/ringbox/ringbox/fsapi"
)

// OpenSource returns a [Source] of an open file, which it borrows. Its reads
// wait, and end with the context. name is for error messages; "" means the path.
//
// For a [Decoder] that waits, give it an [fsapi.Reader].
func OpenSource(ctx context.Context, f *fsapi.File, name string) (Source, error) {
	info, err := f.Stat(ctx)
	if err != nil {
		return Source{}, err
	}
	return Source{Name: StreamOptions{Name: name}.name(f), R: fsapi.NewReader(ctx, f), Size: info.Size()}, nil
}

// ReadBody reads a whole body into memory. With verify, bytes that are not those
// that H speaks of come together with an [ErrChecksum].
func (s Source) ReadBody(m *Message, verify bool) ([]byte, error) {
	var body bytes.Buffer
	// The size is no more than what the file says: memory comes as bytes do.
	body.Grow(int(min(max(m.BodySize, 0), smallMessage)) + bytes.MinRead)
	_, err := io.Copy(&body, s.Body(m, verify))
	return body.Bytes(), err
}
