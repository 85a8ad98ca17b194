package mailfmt

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// StoredText opens the text of a message of a store, from its start:
// decompressed if it is compressed, and with its attachments if it is known
// where they are. A text of another size than the store says ends with an error,
// and so does one that does not fit its checksum.
func StoredText(ctx context.Context, m *mailstore.Mail) (io.Reader, error) {
	body, err := m.Body(ctx)
	if err == nil {
		return body, nil
	}
	if _, parts := m.Metadata.Get('X'); parts && errors.Is(err, mailstore.ErrIncomplete) {
		return nil, fmt.Errorf("%w; see --attachments", err)
	}
	if !errors.Is(err, mailstore.ErrIncomplete) {
		return nil, err
	}
	if body, err = m.StoredBody(ctx); err != nil {
		return nil, err
	}
	text, err := decompress(body)
	if err != nil {
		return nil, err
	}
	return &sized{r: text, want: m.Size}, nil
}

// sized makes sure that a text has the size that it is to have.
type sized struct {
	r    io.Reader
	want int64
	got  int64
}

func (s *sized) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.got += int64(n)
	if err == io.EOF && s.got != s.want || s.got > s.want {
		err = fmt.Errorf("the compressed body does not have the %d bytes that Z says", s.want)
	}
	return n, err
}
