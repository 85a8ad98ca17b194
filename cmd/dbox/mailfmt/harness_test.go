package mailfmt

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

func newFS(t *testing.T) *fsapi.FS {
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler), Sync: fsapi.SyncNever})
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := fs.Close(); !errors.Is(err, fsapi.ErrClosed) { // the test has closed it
			require.NoError(t, err)
		}
	})
	return fs
}

// textMail is a mail of this text.
func textMail(text string) *Mail {
	return &Mail{Name: "test", Size: UnknownSize, Text: func() (io.Reader, error) { return strings.NewReader(text), nil }}
}

// someMail is a Source of n mails; before each of them it calls before.
type someMail struct {
	n      int
	before func(left int) (*Mail, error) // nil, nil: an ordinary one
}

func (s *someMail) Next() (*Mail, error) {
	if s.n == 0 {
		return nil, io.EOF
	}
	s.n--
	if m, err := s.before(s.n); m != nil || err != nil {
		return m, err
	}
	return textMail("Subject: x\n\nhi\n"), nil
}

func (s *someMail) Close() error { return nil }

// quiet are options that tell nobody anything.
func quiet() Options {
	return Options{Problem: func(*Problem) {}, Progress: func(int64) {}}
}
